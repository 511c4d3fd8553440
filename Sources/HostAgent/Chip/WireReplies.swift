internal import ChipClient
internal import Protocol

extension OutputCodes {
    /// Products of ideal converters are whole numbers but for rounding, and noise
    /// far above a unit: a unit of the product is their step, unless fractions are
    /// kept.
    init(_ outcome: MultiplyOutcome, keepsFractions: Bool) throws {
        let (codes, lsb): ([Int32], Double)
        switch outcome.values {
        case .i32(let values): (codes, lsb) = (values, outcome.lsb)
        case .f32(let values):
            let largest = values.reduce(0) { max($0, abs($1)) }
            guard largest < 2e9, values.allSatisfy(\.isFinite) else {
                throw ChipSessionError.badReply("a product is beyond 2e9")
            }
            // The largest takes 30 bits, six more than a Float32 has.
            lsb =
                keepsFractions && largest > 0
                ? Double(sign: .plus, exponent: Int(largest.exponent) - 29, significand: 1) : 1
            codes = values.map { Int32((Double($0) / lsb).rounded()) }
        default: throw ChipSessionError.badReply("products aren't i32 codes or f32")
        }
        self.init(
            vectors: outcome.batch, columns: outcome.outputs, values: codes, lsb: lsb,
            conversions: outcome.conversions, clipped: outcome.clipped,
            referencePerInput: outcome.referencePerInput, ltm: outcome.ltm?.products ?? [])
    }
}

extension WireWindow {
    init(_ window: InputWindow) {
        self.init()
        (kernelHeight, kernelWidth) = (UInt32(window.kernel), UInt32(window.kernel))
        (strideHeight, strideWidth) = (UInt32(window.stride), UInt32(window.stride))
        (paddingHeight, paddingWidth) = (UInt32(window.padding), UInt32(window.padding))
    }
}

extension ChipMatrix {
    init(_ state: WireMatrixState) {
        self.init(
            id: state.matrix, name: state.name, rows: Int(state.rows), columns: Int(state.columns),
            slices: Int(state.slices), bitsPerSlice: Int(state.bitsPerSlice),
            codeMax: Int(state.codeMax),
            mapping: state.mapping == .offset ? .offset : .differential, bank: state.bank,
            fullScaleMicroamperes: state.adcFullScaleUa)
    }
}

extension ChipCost {
    init(_ cost: WireCost, cellsWritten: UInt64 = 0) {
        self.init(
            pulses: cost.pulses, energyPicojoules: cost.energyPj,
            latencyNanoseconds: cost.latencyNs,
            cellsWritten: cellsWritten)
    }
}

extension ChipDataSheet {
    /// Of the banks that take matrices, in the chip's order.
    static func banks(_ result: WireDescribeResult, canUnroll: Bool) throws -> [ChipDataSheet] {
        try result.banks.filter { $0.gtmCells == 0 }
            .map { try ChipDataSheet(result, $0, canUnroll: canUnroll) }
    }

    private init(_ result: WireDescribeResult, _ bank: WireBank, canUnroll: Bool) throws {
        let gtm = result.banks.first { $0.gtmCells > 0 }
        self.init(
            serial: result.chip, spec: result.spec, technology: bank.technology,
            rows: Int(bank.rows),
            columns: Int(bank.columns), bitsPerCell: Int(bank.bitsPerCell),
            onConductance: bank.onConductanceUs, offConductance: bank.offConductanceUs,
            readVoltage: bank.readVoltageV, dacBits: Int(result.converters.dacBits),
            adcBits: result.converters.adcIdeal ? 0 : Int(result.converters.adcBits),
            readNoiseRelative: bank.readNoiseRelative, readNoiseConstant: bank.readNoiseConstantUs,
            programmingSpread: bank.programmingSpread, verifyTolerance: bank.verifyTolerance,
            batchMax: Int(result.limits.batch),
            frameBytesMax: Int(clamping: result.limits.frameBytes), canUnroll: canUnroll,
            bank: bank.name, isDigital: bank.digital, tiles: Int(bank.tiles),
            ltmColumns: Int(bank.ltmColumns),
            gtmCells: Int(gtm?.gtmCells ?? 0), gtmOnConductance: gtm?.onConductanceUs ?? 0)
        // The electrical figures of a digital bank are 0.
        let hasWindow = onConductance > offConductance && offConductance >= 0 && readVoltage > 0
        guard rows > 0, columns > 0, (1 ... 8).contains(bitsPerCell), (1 ... 16).contains(dacBits),
            isDigital || hasWindow, batchMax > 0, frameBytesMax > 1 << 16
        else { throw ChipSessionError.badReply("the data sheet has impossible figures") }
    }
}

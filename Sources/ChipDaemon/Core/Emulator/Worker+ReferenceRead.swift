import Physics

extension Worker {
    /// Reads converted before the clock is looked at (chosen: some milliseconds).
    private static let repeatsPerPart = 64

    /// The summed current of the GTM's cells: the rows that hold cells at V_read, every column
    /// converted, the codes added up; mean of `repeats` reads.
    ///
    /// - Random: block after block, read after read, column after column.
    mutating func readReference(repeats: Int, at time: ChipInstant, work: WorkContext)
        throws(ChipFault) -> SampleReply
    {
        precondition(repeats > 0)
        try state.checkPower()
        let gtm = try gtm()
        let bank = gtm.bank
        let microsiemens = state.counters.gtmMicrosiemens
        guard microsiemens > 0 else {
            throw ChipFault(
                .failedPrecondition, .notProgrammed, .afterFix,
                "the GTM was never programmed, or not wholly: use reference.program")
        }
        let draws = try nextSampleEvent()
        let adc = tuningADC(
            rows: min(bank.rows, bank.gtmCells), microsiemens: microsiemens)
        var sum = ReferenceSum(
            microamperes: 0,
            nominalMicroamperes: TuningColumns.nominal(
                rows: bank.gtmCells, readVoltage: spec.converters.readVoltage,
                conductance: .microsiemens(microsiemens)),
            cells: bank.gtmCells, repeats: repeats, conversions: 0, clipped: 0)
        var activity = ReferenceActivity()
        var numbers = DrawNumbers(batch: repeats, outputs: 0)
        for block in gtm.blocks {
            numbers = DrawNumbers(
                base: numbers.base + numbers.stride, batch: repeats, outputs: block.columns.count)
            let image = image(
                of: [block.tile], rows: block.rows, columns: block.columns, bank: bank,
                direction: .forward, at: time)
            let reader = ReferenceReader(
                image: image.image,
                adc: adc?.shifted(byLSB: state.faults[block.tile]?.adcOffsetLSB ?? 0),
                volts: dac().topVoltage, draws: bank.technology.readNoise == .none ? nil : draws)
            for first in stride(from: 0, to: repeats, by: Self.repeatsPerPart) {
                if let stop = work.stop { throw stop }
                reader.add(
                    reads: min(Self.repeatsPerPart, repeats - first),
                    firstDraw: numbers.base + UInt64(first * block.columns.count), to: &sum)
            }
            activity.add(image, block, repeats: repeats)
        }
        sum.microamperes /= Double(repeats)
        return SampleReply(
            result: .reference(sum), chipTime: time,
            cost: CostModel(spec, bank).product(
                activity.product(spec, bank, conversions: sum.conversions, repeats: repeats)),
            warnings: [])
    }
}

/// Sums some columns whose lines all stand at one voltage.
private struct ReferenceReader {
    let image: ProductImage
    let adc: ADC?
    let volts: Float
    let draws: EventDraws?

    /// Adds the currents of all columns and reads, µA.
    func add(reads: Int, firstDraw: UInt64, to sum: inout ReferenceSum) {
        let voltages = [Float](repeating: volts, count: reads * image.rows)
        let count = reads * image.columns
        var scratch = ProductScratch()
        voltages.withUnsafeBufferPointer { voltages in
            guard let adc else {
                var currents = [Float](repeating: 0, count: count)
                currents.withUnsafeMutableBufferPointer {
                    TileProduct.accumulate(
                        voltages: voltages, batch: reads, image: image, transposed: false,
                        draws: draws, firstDraw: firstDraw, weight: 1, currents: $0,
                        scratch: &scratch)
                }
                sum.microamperes += currents.reduce(0) { $0 + Double($1) }
                return
            }
            var codes = [Int32](repeating: 0, count: count)
            sum.conversions += count
            sum.clipped += codes.withUnsafeMutableBufferPointer {
                TileProduct.accumulate(
                    voltages: voltages, batch: reads, image: image, transposed: false,
                    draws: draws, firstDraw: firstDraw, adc: adc, weight: 1, codes: $0,
                    scratch: &scratch)
            }
            sum.microamperes += codes.reduce(0) { $0 + Double($1) } * adc.lsbMicroamperes
        }
    }
}

/// What a read of the GTM does, counted for its cost: its tiles work in parallel, a column that is
/// not full in a step of its own.
private struct ReferenceActivity {
    private var drivenLines = 0
    /// Σ g over reads and cells, µS.
    private var conductance = 0.0
    private var blocks: [Int: Int] = [:]

    mutating func add(_ image: TileImage, _ block: GTMLayout.Block, repeats: Int) {
        drivenLines += block.rows * repeats
        conductance += image.rowSums.reduce(0) { $0 + Double($1) } * Double(repeats)
        blocks[block.tile, default: 0] += 1
    }

    func product(_ spec: ChipSpec, _ bank: BankSpec, conversions: Int, repeats: Int)
        -> ProductActivity
    {
        let volts = spec.converters.readVoltage
        return ProductActivity(
            steps: repeats * (blocks.values.max() ?? 0), tiles: bank.tiles,
            inputLinesPerTile: bank.rows, outputLinesPerTile: bank.bitLines,
            drivenLines: drivenLines, conversions: conversions,
            adcBits: spec.converters.adcBits, bytes: 8, currentSquares: volts * volts * conductance)
    }
}

extension DAC {
    /// The effective voltage of the largest code (M-6).
    fileprivate var topVoltage: Float {
        var voltages: [Float] = [0]
        [UInt8(codeMax)].withUnsafeBufferPointer { codes in
            voltages.withUnsafeMutableBufferPointer { self.voltages(codes: codes, into: $0) }
        }
        return voltages[0]
    }
}

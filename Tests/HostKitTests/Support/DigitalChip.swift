import HostKit

/// A chip in digital arithmetic: exact integer products, and where asked for the
/// deviations, read noise, drift and converters that a host must live with.
///
/// Deviations are kept as Float levels of each slice's pair, [rows, columns]:
/// one level is (G_on − G_off)/(L − 1).
final class DigitalChip: ChipSession {
    struct Imperfections {
        /// σ of one cell after programming, relative to G_on.
        var openLoopSpread = 0.0
        var writeVerifySpread = 0.0
        /// σ(g)/g of one read.
        var readNoise = 0.0
        /// 0: ideal.
        var adcBits = 0
    }

    let dataSheet: ChipDataSheet
    var banks: [ChipDataSheet] { [dataSheet] }
    private(set) var cost = ChipCost()
    private let imperfections: Imperfections
    private let random: RandomGenerator
    private var stored: [UInt32: Stored] = [:]
    private var nextID: UInt32 = 1
    private(set) var batchesSeen: [Int] = []
    /// Calibrations that it carries out before it refuses.
    var calibrationsLeft = Int.max
    struct Refused: Error {}
    private var leases = 0
    var hasLease: Bool { leases > 0 }
    /// Refuses to unmap without the lease, as a chip behind the wire does.
    var needsLease = false
    private(set) var programs: [(matrix: UInt32, options: ProgramOptions)] = []

    private struct Stored {
        var matrix: ChipMatrix
        /// `nil`: not written yet.
        var codes: [Int16?]
        /// g⁺ and g⁻ of each slice in µS, [rows · columns].
        var plus: [[Float]]
        var minus: [[Float]]
    }

    init(
        _ imperfections: Imperfections = Imperfections(), seed: UInt64 = 1, batchMax: Int = 4096,
        tiles: Int = 10_000
    )
        throws
    {
        self.imperfections = imperfections
        random = try RandomGenerator(seed: seed, purpose: "digital chip")
        dataSheet = ChipDataSheet(
            serial: 7, spec: "digital", technology: "RRAM-2b", rows: 128, columns: 128,
            bitsPerCell: 2,
            onConductance: 20, offConductance: 2, readVoltage: 0.2, dacBits: 8,
            adcBits: imperfections.adcBits, readNoiseRelative: imperfections.readNoise,
            readNoiseConstant: 0, programmingSpread: imperfections.openLoopSpread,
            verifyTolerance: 0.03,
            batchMax: batchMax, frameBytesMax: 64 << 20, tiles: tiles)
    }

    func map(_ request: MatrixRequest) throws -> ChipMatrix {
        let tiles = dataSheet.tiles(
            rows: request.rows, columns: request.columns, weightBits: request.weightBits,
            mapping: request.mapping)
        guard try tiles <= tilesFree(inBank: dataSheet.bank) else { throw Refused() }
        let matrix = ChipMatrix(
            id: nextID, name: request.name, rows: request.rows, columns: request.columns,
            slices: (request.weightBits + 1) / 2, bitsPerSlice: 2, codeMax: request.codeMax,
            fullScaleMicroamperes: 1)
        let fresh = [Float](repeating: 2, count: request.rows * request.columns)
        stored[nextID] = Stored(
            matrix: matrix, codes: Array(repeating: nil, count: fresh.count),
            plus: Array(repeating: fresh, count: matrix.slices),
            minus: Array(repeating: fresh, count: matrix.slices))
        nextID += 1
        return matrix
    }

    func unmap(_ matrix: ChipMatrix) throws {
        guard hasLease || !needsLease else { throw Refused() }
        stored[matrix.id] = nil
    }
    func tilesFree(inBank bank: String) throws -> Int {
        stored.values.reduce(dataSheet.tiles) {
            $0
                - dataSheet.tiles(
                    rows: $1.matrix.rows, columns: $1.matrix.columns,
                    weightBits: 2 * $1.matrix.slices, mapping: $1.matrix.mapping)
        }
    }
    func matrices() throws -> [ChipMatrix] { stored.values.map(\.matrix).sorted { $0.id < $1.id } }

    func program(_ matrix: ChipMatrix, _ codes: WeightCodes, _ options: ProgramOptions) throws
        -> ProgramReport
    {
        programs.append((matrix.id, options))
        var entry = stored[matrix.id]!
        let slices = BitSlices(matrix)
        let spread =
            options.method == .openLoop
            ? imperfections.openLoopSpread : imperfections.writeVerifySpread
        let noise = try random.normal([slices.slices * 2 * codes.values.count]).floats()
        var cells: UInt64 = 0
        for (index, code) in codes.values.enumerated() {
            if let mask = options.mask, mask[index] == 0 { continue }
            if !options.all, entry.codes[index] == code { continue }
            for slice in 0 ..< slices.slices {
                let digit = slices.digit(code, slice: slice)
                let at = (slice * codes.values.count + index) * 2
                func conductance(_ level: Int, _ draw: Float) -> Float {
                    max(0, 2 + 6 * Float(level) + Float(spread) * 20 * draw)
                }
                entry.plus[slice][index] = conductance(max(0, digit), noise[at])
                entry.minus[slice][index] = conductance(max(0, -digit), noise[at + 1])
                cells += 2
            }
            entry.codes[index] = code
        }
        stored[matrix.id] = entry
        let spent = ChipCost(
            pulses: cells * (options.method == .openLoop ? 1 : 10), energyPicojoules: Double(cells),
            latencyNanoseconds: Double(cells), cellsWritten: cells)
        cost += spent
        return ProgramReport(cells: cells, verified: cells, cost: spent)
    }

    /// Every conductance times (age)^−ν with ν ~ N(0.04, 0.008²).
    func drift(ageSeconds: Double) throws {
        for id in stored.keys.sorted() {
            var entry = stored[id]!
            for slice in 0 ..< entry.matrix.slices {
                let count = entry.plus[slice].count
                for (path, seed) in [(\Stored.plus, 1), (\Stored.minus, 2)] {
                    _ = seed
                    let draws = try random.normal([count]).floats()
                    for index in 0 ..< count {
                        let nu = max(0, 0.04 + 0.008 * Double(draws[index]))
                        entry[keyPath: path][slice][index] *= Float(power(ageSeconds, -nu))
                    }
                }
            }
            stored[id] = entry
        }
    }

    func readConductances(_ matrix: ChipMatrix, repeats: Int) throws -> [Float] {
        let entry = stored[matrix.id]!
        let truth = (0 ..< matrix.slices).flatMap { entry.plus[$0] + entry.minus[$0] }
        guard imperfections.readNoise > 0 else { return truth }
        let sigma = Float(imperfections.readNoise / power(Double(repeats), 0.5))
        return zip(truth, try random.normal([truth.count]).floats()).map { $0 * (1 + sigma * $1) }
    }

    func multiply(
        _ matrix: ChipMatrix, _ request: ProductRequest, inputs: (Int) throws -> InputCodes,
        outputs: (Int, OutputCodes) throws -> Void
    ) throws {
        precondition(request.window == nil && !request.isTransposed && request.fullScale == nil)
        for number in 0 ..< request.count {
            let batch = try inputs(number)
            precondition(batch.shape[0] <= dataSheet.batchMax)
            batchesSeen.append(batch.shape[0])
            try outputs(number, product(stored[matrix.id]!, batch))
        }
    }

    private func product(_ entry: Stored, _ batch: InputCodes) throws -> OutputCodes {
        let matrix = entry.matrix
        let slices = BitSlices(matrix)
        let inputs = try Tensor.floats(
            batch.values.map { batch.isSigned ? Float(Int8(bitPattern: $0)) : Float($0) },
            shape: batch.shape)
        let unit = ConverterRange.currentUnit(dataSheet)
        // One step of the ADC in (input code × level); 1 where it is ideal.
        let step =
            imperfections.adcBits == 0
            ? 1
            : entry.matrix.fullScaleMicroamperes / unit
                / Double((1 << (imperfections.adcBits - 1)) - 1)
        let codeMax =
            imperfections.adcBits == 0 ? 1e30 : Double((1 << (imperfections.adcBits - 1)) - 1)
        var total: Tensor?
        var clipped: UInt64 = 0
        var conversions: UInt64 = 0
        for slice in 0 ..< slices.slices {
            let significance = Double(1 << (slice * slices.bits))
            for block in ConverterRange.blocks(matrix.rows, of: dataSheet.rows) {
                let part = try inputs.narrowed(block, dimension: 1)
                let range = block.lowerBound * matrix.columns ..< block.upperBound * matrix.columns
                let shape = [block.count, matrix.columns]
                let plus = Array(entry.plus[slice][range]), minus = Array(entry.minus[slice][range])
                let levels = try Tensor.floats(zip(plus, minus).map { ($0 - $1) / 6 }, shape: shape)
                var current = try part.matrixProduct(levels)
                if imperfections.readNoise > 0 {
                    let variance = try Tensor.floats(
                        zip(plus, minus).map { ($0 * $0 + $1 * $1) / 36 }, shape: shape)
                    let sigma = try part.multiplied(by: part).matrixProduct(variance).squareRoot()
                    let noise = try random.normal([batch.shape[0], matrix.columns])
                    current = try current.adding(
                        sigma.multiplied(by: noise), times: imperfections.readNoise)
                }
                let codes = try current.scaled(by: 1 / step).rounded()
                let held = try codes.clamped(to: -codeMax ... codeMax)
                conversions += UInt64(held.count)
                clipped += UInt64(held.count) - UInt64(try held.isEqual(to: codes).sum())
                let term = try held.scaled(by: significance)
                total = try total?.adding(term) ?? term
            }
        }
        let values = try total!.cast(to: .int64).integers()
        return OutputCodes(
            vectors: batch.shape[0], columns: matrix.columns, values: values.map(Int32.init),
            lsb: step / Double(slices.stretch), conversions: conversions, clipped: clipped)
    }

    func calibrate(_ matrix: ChipMatrix, fullScale: Double) throws -> Double {
        guard calibrationsLeft > 0 else { throw Refused() }
        calibrationsLeft -= 1
        stored[matrix.id]!.matrix.fullScaleMicroamperes = fullScale
        return fullScale
    }

    struct NoTuningColumns: Error {}
    func program(_ reference: TuningColumns, conductance: Double?) throws -> ReferenceReport {
        throw NoTuningColumns()
    }
    func readReference(repeats: Int) throws -> Double { throw NoTuningColumns() }

    func status() throws -> ChipStatus { ChipStatus(stateDigest: [1, 2], chipTimeSeconds: 0) }
    func health() throws -> ChipHealth {
        ChipHealth(pulses: cost.pulses, cells: 0, unverified: 0, lifeUsed: 0)
    }
    func acquireLease() throws { leases += 1 }
    func releaseLease() throws { leases -= 1 }
}

extension DigitalChip {
    /// A whole network, with its largest weights as scales.
    func deploy(
        _ network: Network, calibration images: ImageSet, _ method: ProgramOptions.Method
    ) throws -> Deployment {
        try Mapper(network, scales: .measured(network, on: images, method: .max)).deploy(
            to: self, checkpoint: "n", calibration: images, options: ProgramOptions(method)
        ).deployment
    }
}

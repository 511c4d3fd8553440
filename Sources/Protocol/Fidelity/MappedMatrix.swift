internal import ChipClient
internal import Protocol

/// A matrix of weight codes on a chip, and how its products follow from its cells, as
/// firmware-specs/device.md has it (M-5, E-1, E-2).
///
///     y_j = κ·Σ_s L^s·I_js                                        differential
///     y_j = κ·Σ_s L^s·(I_js − G_off·v·ΣX) − (z/stretch)·ΣX        offset
///
/// with v the volts of one input code and κ = (L − 1)/((G_on − G_off)·v·stretch).
struct MappedMatrix {
    let bench: Bench
    let state: WireMatrixState
    /// Row-major.
    let codes: [Int8]

    static let codeMax = 127
    private static let weightBits = 8

    init(
        _ bench: Bench, rows: Int, columns: Int, mapping: WireMapping, codes: [Int8]
    ) throws {
        self.bench = bench
        self.codes = codes
        state = try bench.chip.map(
            .with {
                $0.name = "fidelity"
                $0.rows = UInt32(rows)
                $0.columns = UInt32(columns)
                $0.weightBits = UInt32(Self.weightBits)
                $0.codeMax = UInt32(Self.codeMax)
                $0.bank = bench.bank.name
                $0.mapping = mapping
            })
        var options = ProgramOptions()
        options.method = .openLoop
        options.all = true
        _ = try bench.chip.program(matrix: state.matrix, codes: .i8(codes), options: options)
    }

    func unmap() throws { try bench.chip.unmap(state.matrix) }

    var rows: Int { Int(state.rows) }
    var columns: Int { Int(state.columns) }
    var isDifferential: Bool { state.mapping == .differential }
    private var levels: Int { 1 << Int(state.bitsPerSlice) }
    private var range: Int { 1 << (Int(state.bitsPerSlice) * Int(state.slices)) }
    /// (E-1), (E-2)
    private var stretch: Double {
        Double(isDifferential ? (range - 1) / Self.codeMax : (range / 2 - 1) / Self.codeMax)
    }
    var voltsPerCode: Double { bench.readVoltage / bench.inputCodeMax }
    /// κ.
    var productsPerMicroampere: Double {
        Double(levels - 1) / (bench.technology.span * voltsPerCode * stretch)
    }
    /// L^s.
    var sliceWeights: [Double] {
        (0 ..< Int(state.slices)).map { Double(1 << ($0 * Int(state.bitsPerSlice))) }
    }
    /// Product that is subtracted for each unit of ΣX.
    private var reference: Double {
        guard !isDifferential else { return 0 }
        return productsPerMicroampere * sliceWeights.reduce(0, +)
            * bench.technology.offMicrosiemens * voltsPerCode + Double(range / 2) / stretch
    }
    /// (M-2), (M-3)
    var codesOfFullScale: Double {
        let bits = bench.sheet.converters.adcBits
        return Double(1 << (isDifferential ? bits - 1 : bits)) - 1
    }

    /// What a converter sees: mean and variance of the current of each output, slice by slice.
    struct Currents {
        var mean: [[Double]] = []
        var variance: [[Double]] = []

        var largest: Double { mean.joined().map(abs).max() ?? 0 }
        var noisiest: Double { (variance.joined().max() ?? 0).squareRoot() }
    }

    /// Each slice's cells, offset mapping, read once.
    func conductances() throws -> [[Double]] {
        let values = try bench.chip.read(matrix: state.matrix, conductances: true)
            .values.map(Double.init)
        let count = rows * columns
        return (0 ..< Int(state.slices)).map { Array(values[$0 * count ..< ($0 + 1) * count]) }
    }

    /// The largest sum before the digital reference is subtracted.
    func rawScale(_ currents: Currents) -> Double {
        currents.mean[0].indices.map { output in
            zip(sliceWeights, currents.mean).reduce(0) { $0 + $1.0 * $1.1[output] }
                * productsPerMicroampere
        }.max() ?? 0
    }

    /// The currents of one vector by (M-5), from the conductances read back.
    func currents(_ inputs: [UInt8], isTransposed: Bool) throws -> Currents {
        let read = try bench.chip.read(
            matrix: state.matrix, repeats: Bench.many, conductances: true
        ).values.map(Double.init)
        let outputs = isTransposed ? rows : columns
        let polarities = isDifferential ? [1.0, -1.0] : [1.0]
        var currents = Currents()
        for slice in 0 ..< Int(state.slices) {
            var mean = [Double](repeating: 0, count: outputs)
            var variance = mean
            for (polarity, sign) in polarities.enumerated() {
                let plane = (slice * polarities.count + polarity) * rows * columns
                for row in 0 ..< rows {
                    for column in 0 ..< columns {
                        let (from, to) = isTransposed ? (column, row) : (row, column)
                        let volts = Double(inputs[from]) * voltsPerCode
                        let g = read[plane + row * columns + column]
                        let noise = volts * bench.technology.noise(g)
                        mean[to] += sign * volts * g
                        variance[to] += noise * noise
                    }
                }
            }
            currents.mean.append(mean)
            currents.variance.append(variance)
        }
        return currents
    }

    /// Mean and variance of the product of each output.
    func products(
        _ currents: Currents, inputs: [UInt8], fullScale: Double
    ) -> [(mean: Double, variance: Double, rounding: Double)] {
        let lsb = fullScale / codesOfFullScale
        let sum = inputs.reduce(0) { $0 + Double($1) }
        return currents.mean[0].indices.map { output in
            var product = (mean: -reference * sum, variance: 0.0, rounding: 0.0)
            for (slice, weight) in sliceWeights.enumerated() {
                let scale = productsPerMicroampere * weight
                product.mean += scale * currents.mean[slice][output]
                product.variance += scale * scale * currents.variance[slice][output]
                product.rounding += scale * scale * lsb * lsb / 12
            }
            return product
        }
    }

    func multiply(
        _ inputs: [UInt8], batch: Int, fullScale: Double = 0, isTransposed: Bool = false,
        output: WireMultiply.Output = .products, ltm: Bool = false
    ) throws -> MultiplyOutcome {
        var options = MultiplyOptions()
        options.adcFullScaleMicroamperes = fullScale
        options.transpose = isTransposed
        options.output = output
        options.ltm = ltm
        return try bench.chip.multiply(
            matrix: state.matrix, inputs: .u8(inputs), batch: batch, options: options)
    }
}

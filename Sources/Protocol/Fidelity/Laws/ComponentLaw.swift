internal import ChipClient
internal import Foundation
internal import Protocol

/// The share of variance of the second principal component of the pairs (ideal weight, weight read
/// back), PC2: the figure of merit of Bhattacharjee et al. 2023, §4.1.
///
/// Gaussian weights clipped at four deviations, magnitude 0 … 255 on two cells of four bits,
/// differential, cells at their levels, one read; fresh and after drift.
///
///     PC2 = (T − √(T² − 4(AB − C²)))/2T,  T = A + B                                       (1)
///     A = E q²,  C = m·A,  B = m²·A + E Σ_s 16^2s·(15/ΔG)²·Σ± v(g±)                        (2)
///     v(g) = g²·(M − m²) + a²g²·M + 2ab·g·m + b²                                           (3)
///
/// m and M: mean and mean square of g(t)/g_p over cells (log-normal), σ(g) = a·g + b.
struct ComponentLaw: Law {
    let name = "second-component"
    let number = "figures"
    private static let (rows, columns) = (1_024, 128)

    func concerns(_ bench: Bench) -> Bool {
        bench.technology.isStudy && bench.technology.programmingSpread == 0
            && !bench.technology.isQuiet
    }

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        guard cell.bits == 4 else { throw NotAvailable(why: "it is defined for cells of 4 bits") }
        var generator = SeededGenerator(seed: 9)
        let codes = (0 ..< Self.rows * Self.columns).map { _ in
            Int16((min(max(generator.normal(), -4), 4) / 4 * 255).rounded())
        }
        let matrix = try bench.chip.map(
            .with {
                $0.name = "fidelity"
                $0.rows = UInt32(Self.rows)
                $0.columns = UInt32(Self.columns)
                $0.weightBits = 8
                $0.codeMax = 255
                $0.bank = bench.bank.name
                $0.mapping = .differential
            }
        ).matrix
        var options = ProgramOptions()
        options.method = .openLoop
        _ = try bench.chip.program(matrix: matrix, codes: .i16(codes), options: options)
        let weights = codes.map(Double.init)
        let fresh = try measure(bench, matrix, weights)
        note("PC2", bench, weights, age: 0, fresh, &record)
        if let (share, published) = cell.component {
            note(
                "PC2 against the model's figure", bench, share, fresh, 0.03, &record,
                "firmware-specs/device.md, figures")
            note(
                "PC2 as published", bench, published, fresh, 0.3, &record,
                "Bhattacharjee et al. 2023, §4.1")
        }
        if bench.isSimulated, cell.component != nil, cell.name.contains("-ratio-") {
            try age(bench, matrix, weights, &record)
        }
        draw(bench, weights, fresh, &record)
        try bench.chip.unmap(matrix)
    }

    private func age(
        _ bench: Bench, _ matrix: UInt32, _ weights: [Double], _ record: inout Record
    ) throws {
        var curve = Chart.Curve(name: bench.technology.name)
        var age = 0.0
        for next in [1e1, 1e3, 1e5, 1e7, 1e9] {
            try bench.chip.advanceClock(seconds: next - age)
            age = next
            let share = try measure(bench, matrix, weights)
            if [1e3, 1e9].contains(age) {
                note("PC2 at \(Page.number(age)) s", bench, weights, age: age, share, &record)
            }
            curve.measured.append((age, share))
        }
        curve.law = (0 ... 18).map {
            let age = pow(10, Double($0) / 2)
            return (age, Self.law(bench.technology, weights, age: age))
        }
        record.draw(
            curve,
            in: Chart(
                title: "PC2 against time since programming", xLabel: "age (s)", yLabel: "PC2",
                xIsLogarithmic: true, yIsLogarithmic: true))
    }

    private func draw(
        _ bench: Bench, _ weights: [Double], _ share: Double, _ record: inout Record
    ) {
        let cell = bench.technology
        let family = cell.name.split(separator: "-").dropLast(2).joined(separator: "-")
        let isNoise = cell.name.contains("-noise-")
        let x = isNoise ? cell.noiseRelative : cell.ratio
        record.draw(
            Chart.Curve(
                name: family, law: [(x, Self.law(cell, weights, age: 0))], measured: [(x, share)],
                published: cell.component.map { [(x, $0.published)] } ?? []),
            in: isNoise
                ? Chart(
                    title: "PC2 against read noise (rings: published)", xLabel: "σ(g)/g",
                    yLabel: "PC2")
                : Chart(
                    title: "PC2 against the ON/OFF ratio (rings: published)", xLabel: "G_on/G_off",
                    yLabel: "PC2", xIsLogarithmic: true, yIsLogarithmic: true))
    }

    private func note(
        _ figure: String, _ bench: Bench, _ weights: [Double], age: Double, _ share: Double,
        _ record: inout Record
    ) {
        note(
            figure, bench, Self.law(bench.technology, weights, age: age), share, 0.03, &record,
            "closed form from ν, σ_ν and σ(g)")
    }

    private func note(
        _ figure: String, _ bench: Bench, _ expected: Double, _ share: Double, _ relative: Double,
        _ record: inout Record, _ source: String
    ) {
        record.note(
            self, figure, on: bench, expected: expected, measured: share,
            bound: relative * expected, .tolerance, samples: Self.rows * Self.columns,
            source: source)
    }

    private func measure(_ bench: Bench, _ matrix: UInt32, _ weights: [Double]) throws -> Double {
        let read = try bench.chip.read(matrix: matrix).values.map(Double.init)
        let (first, second) = (Moments(weights), Moments(read))
        let products = zip(weights, read).reduce(0) {
            $0 + ($1.0 - first.mean) * ($1.1 - second.mean)
        }
        return Self.share(
            first.deviation * first.deviation, second.deviation * second.deviation,
            products / Double(weights.count - 1))
    }

    /// (1)
    private static func share(_ a: Double, _ b: Double, _ c: Double) -> Double {
        let trace = a + b
        return (trace - (trace * trace - 4 * (a * b - c * c)).squareRoot()) / 2 / trace
    }

    /// PC2 of weights by (1) to (3); drift begins at an age of 1 s.
    private static func law(_ cell: Technology, _ weights: [Double], age: Double) -> Double {
        let x = log(max(1, age))
        let mean = exp(-cell.drift * x + pow(cell.driftSpread * x, 2) / 2)
        let square = exp(-2 * cell.drift * x + 2 * pow(cell.driftSpread * x, 2))
        let variances = (0 ..< 16).map { level -> Double in
            let g = cell.level(level)
            let (a, b) = (cell.noiseRelative, cell.noiseConstant)
            return g * g * (square - mean * mean) + a * a * g * g * square + 2 * a * b * g * mean
                + b * b
        }
        let scale = pow(15 / cell.span, 2)
        let errors = weights.map { weight -> Double in
            let magnitude = Int(abs(weight))
            let low = variances[magnitude % 16] + variances[0]
            let high = variances[magnitude / 16] + variances[0]
            return scale * (low + 256 * high)
        }
        let a = pow(Moments(weights).deviation, 2)
        return share(a, mean * mean * a + errors.mean, mean * a)
    }
}

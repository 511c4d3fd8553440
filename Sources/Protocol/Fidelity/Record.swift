/// What a run has found: the lines of the report, and curves for its plots.
struct Record {
    private(set) var findings: [Finding] = []
    private(set) var charts: [Chart] = []

    /// Notes a figure. It passes where it is no farther than `bound` from what was expected; a
    /// figure that is not a number fails.
    mutating func note(
        _ law: some Law, _ figure: String, on bench: Bench, number: String? = nil,
        expected: Double, measured: Double, bound: Double, _ kind: Finding.Kind,
        unit: String = "", samples: Int, source: String
    ) {
        findings.append(
            Finding(
                law: law.name, number: number ?? law.number, figure: figure, chip: bench.label,
                technology: bench.technology.name, unit: unit, samples: samples,
                expected: expected, measured: measured, bound: bound, kind: kind,
                pass: abs(measured - expected) <= bound, source: source))
    }

    /// Notes that a law could not be checked, and why.
    mutating func unavailable(_ law: some Law, on chip: String, technology: String, why: String) {
        findings.append(
            Finding(
                law: law.name, number: law.number, figure: "not available here", chip: chip,
                technology: technology, source: why))
    }

    /// Notes that the chip refused what a law needs.
    mutating func refused(_ law: some Law, on bench: Bench, sentence: String) {
        findings.append(
            Finding(
                law: law.name, number: law.number, figure: "refused by the chip",
                chip: bench.label, technology: bench.technology.name, pass: false,
                source: sentence))
    }

    /// Adds a curve to the chart of that title, or points to the curve of that name in it.
    mutating func draw(_ curve: Chart.Curve, in chart: Chart) {
        if let index = charts.firstIndex(where: { $0.title == chart.title }) {
            charts[index].add(curve)
        } else {
            charts.append(chart)
            charts[charts.count - 1].add(curve)
        }
    }

    var failed: Int { findings.count { $0.pass == false } }
    var passed: Int { findings.count { $0.pass == true } }
    var skipped: Int { findings.count { $0.pass == nil } }
}

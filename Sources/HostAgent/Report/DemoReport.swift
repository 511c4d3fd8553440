internal import Foundation
internal import Plotting

/// The demonstration as one HTML page: table and plots, nothing loaded from
/// anywhere.
public struct DemoReport {
    private let result: DemoResult
    private let measurements: Demo.Measurements

    public init(_ result: DemoResult, _ measurements: Demo.Measurements) {
        self.result = result
        self.measurements = measurements
    }

    public func write(to path: String) throws {
        try DataFile.write([UInt8](html().utf8), to: path)
    }

    public func html() -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>NVCIM demonstration</title>
        <style>\(PageStyle.css)</style></head><body><main>
        <h1>A network on \(result.chips.count) compute-in-memory chip\(result.chips.count == 1 ? "" : "s")</h1>
        <p>\(SVGPlot.escaped(result.model)) on \(SVGPlot.escaped(result.testImages)); chips of \
        \(SVGPlot.escaped(result.kind)), serials \
        \(result.chips.map(String.init).joined(separator: ", ")).</p>
        \(table())
        \(result.remarks.map { "<p class=\"remark\">\(SVGPlot.escaped($0))</p>" }.joined(separator: "\n"))
        <figure>\(accuracy().svg())</figure>
        <figure>\(conductances().svg())<figcaption>Write-verify stops at the edge of its band: a level \
        read with little noise shows the two edges.</figcaption></figure>
        <figure>\(errors().svg())<figcaption>Each cell is the mean of \(Demo.readRepeats) reads, so a \
        quarter of one read's noise is in the error. Open loop, no cell goes below zero conductance: \
        the lowest level piles up at −G_off.</figcaption></figure>
        <h2>How it was made</h2>
        <table class="text">
        \(result.provenance.lines.map { "<tr><td>\($0.name)</td><td>\(SVGPlot.escaped($0.value))</td></tr>" }.joined(separator: "\n"))
        <tr><td>time</td><td>\(Format.duration(result.seconds))</td></tr>
        </table>
        <h2>State digests</h2>
        <p class="remark">The same before SIGKILL and after the restart.</p>
        <table><tr><th>chip</th><th>digest</th></tr>
        \(zip(result.chips, result.stateDigests).map { "<tr><td>\($0)</td><td><code>\($1)</code></td></tr>" }.joined(separator: "\n"))
        </table>
        </main></body></html>
        """
    }

    private func table() -> String {
        let rows = result.stages.map { stage in
            let cells = [
                stage.name, Format.percent(stage.mean), stage.range,
                stage.cost.map { Format.count($0.pulses) } ?? "",
                stage.cost.map { Format.energy(picojoules: $0.energyPicojoules) } ?? "",
                stage.cost.map { Format.latency(nanoseconds: $0.latencyNanoseconds) } ?? "",
            ]
            return "<tr>" + cells.map { "<td>\(SVGPlot.escaped($0))</td>" }.joined() + "</tr>"
        }
        return """
            <table><tr><th>stage</th><th>accuracy</th><th>min – max, %</th><th>pulses</th><th>energy</th>\
            <th>latency</th></tr>
            \(rows.joined(separator: "\n"))
            </table>
            """
    }

    // MARK: - Plots

    private func accuracy() -> SVGPlot {
        // "Fresh" has no place on a logarithmic axis: it stands at the reference age.
        let times = [1.0] + Demo.ages.map(\.seconds)
        let aged = ([DemoStage.writeVerify] + Demo.ages.map(\.name)).map(result.stages.named)
        let adapted = result.stages.named(DemoStage.adapted)
        let last = times[times.count - 1]
        let low = min(aged.map(\.low).min() ?? 0, adapted.low)
        var plot = SVGPlot(
            title: "Test accuracy against time since programming", xLabel: "time since programming",
            yLabel: "test accuracy", xRange: 0.6 ... last * 2,
            yRange: max(0, (low * 10 - 0.5).rounded(.down) / 10) ... 1,
            series: [
                .init(
                    "", colour: 0,
                    .band(zip(times, aged).map { (x: $0, low: $1.low, high: $1.high) })),
                .init(
                    "mean and range of the chips", colour: 0,
                    .line(zip(times, aged).map { (x: $0, y: $1.mean) })),
                .init("", colour: 0, .points(zip(times, aged).map { (x: $0, y: $1.mean) })),
                .init(
                    "after adaptation", colour: 1,
                    .points(adapted.accuracies.map { (x: last, y: $0) })),
                .init(
                    "digital, 8 bits", colour: 2,
                    .level(result.stages.named(DemoStage.integers).mean)),
            ])
        plot.xIsLogarithmic = true
        plot.yIsPercent = true
        plot.xTicks = [
            (1, "fresh"), (60, "minute"), (3600, "hour"), (86_400, "day"), (30 * 86_400, "month"),
            (365 * 86_400, "year"),
        ]
        return plot
    }

    private func conductances() -> SVGPlot {
        let high = measurements.onConductance * 1.25
        let histogram = Histogram(measurements.conductances, range: 0 ... high, bins: 100)
        var plot = SVGPlot(
            title: "Conductances after write-verify, chip \(result.chips.first ?? 0), as read",
            xLabel: "conductance (µS)", yLabel: "share of cells", xRange: 0 ... high,
            yRange: 0 ... (Self.ceiling(histogram.shares)),
            series: [
                .init(
                    "\(measurements.levels) levels, mean of \(Demo.readRepeats) reads", colour: 0,
                    .bars(edges: histogram.edges, heights: histogram.shares))
            ])
        plot.yIsPercent = true
        return plot
    }

    private func errors() -> SVGPlot {
        let range = -0.3 ... 0.3
        let open = Histogram(measurements.openLoopErrors.map { $0 }, range: range, bins: 75)
        let verified = Histogram(measurements.writeVerifyErrors, range: range, bins: 75)
        func name(_ text: String, _ values: [Double]) -> String {
            "\(text), σ = \(Format.decimal(Self.deviation(values), 3))"
        }
        var plot = SVGPlot(
            title: "Programming error: read minus target, chip \(result.chips.first ?? 0)",
            xLabel: "error / G_on", yLabel: "share of cells", xRange: range,
            yRange: 0 ... Self.ceiling(open.shares + verified.shares),
            series: [
                .init(
                    name("open loop", measurements.openLoopErrors), colour: 1,
                    .bars(edges: open.edges, heights: open.shares)),
                .init(
                    name("write-verify", measurements.writeVerifyErrors), colour: 0,
                    .bars(edges: verified.edges, heights: verified.shares)),
            ])
        plot.yIsPercent = true
        return plot
    }

    /// A little above the largest.
    private static func ceiling(_ shares: [Double]) -> Double {
        max(1e-3, (shares.max() ?? 0) * 1.08)
    }

    static func deviation(_ values: [Double]) -> Double {
        guard values.count > 1 else { return 0 }
        let mean = values.reduce(0, +) / Double(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1))
            .squareRoot()
    }
}

internal import Foundation
internal import Plotting
internal import Protocol

/// The report as one HTML page: table and plots, nothing loaded from anywhere.
struct Page {
    let record: Record
    let seconds: Double

    func html() -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>NVCIM fidelity</title>
        <style>\(PageStyle.css)\(Self.style)</style></head><body><main>
        <h1>Fidelity to the device model</h1>
        <p>\(record.passed) figures within their bounds, <strong class="\(record.failed > 0 ? "fail" : "")">\
        \(record.failed) not</strong>, \(record.skipped) not available here.</p>
        <p class="remark">Running chips were programmed, read, pulsed and multiplied with over the wire; \
        what is expected was computed by the report, not by the chip. Numbers of laws are those of \
        firmware-specs/device.md. “99.9 %”: a right chip stays within the bound in 999 of 1,000 runs. \
        In the plots lines are laws and points are measured.</p>
        <nav class="remark">\(sections().map { "<a href=\"#\($0.law)\">\($0.law)</a>" }.joined(separator: " · "))</nav>
        \(failed.isEmpty ? "" : Self.section("out-of-bounds", failed))
        <div class="plots">
        \(record.charts.compactMap { $0.plot().map { "<figure>\($0.svg())</figure>" } }.joined(separator: "\n"))
        </div>
        \(sections().map(Self.section).joined(separator: "\n"))
        <p class="remark">nvcim-fidelity \(nvcimVersion), \(Int(seconds.rounded())) s.</p>
        </main></body></html>
        """
    }

    private var failed: [Finding] { record.findings.filter { $0.pass == false } }

    /// Findings law by law, in the order in which they were met.
    private func sections() -> [(law: String, findings: [Finding])] {
        var order: [String] = []
        for finding in record.findings where !order.contains(finding.law) {
            order.append(finding.law)
        }
        return order.map { law in (law, record.findings.filter { $0.law == law }) }
    }

    private static func section(_ law: String, _ findings: [Finding]) -> String {
        """
        <h2 id="\(law)">\(law)</h2>
        <div class="wide"><table><tr><th>law</th><th>figure</th><th>chip</th><th>expected</th>\
        <th>measured</th><th>allowed</th><th>samples</th><th></th></tr>
        \(findings.map(row).joined(separator: "\n"))
        </table></div>
        """
    }

    private static func row(_ finding: Finding) -> String {
        let unit = finding.unit.isEmpty ? "" : " \(finding.unit)"
        let verdict =
            switch finding.pass {
            case true?: "<span class=\"pass\">pass</span>"
            case false?: "<span class=\"fail\">FAIL</span>"
            case nil: "<span class=\"remark\">not available</span>"
            }
        let bound = finding.bound.map {
            "± \(number($0))"
                + (finding.kind == .statistical ? " <small>99.9 %</small>" : "")
        }
        let figure =
            "\(SVGPlot.escaped(finding.figure))<br><small>\(SVGPlot.escaped(finding.source))</small>"
        let cells = [
            finding.number, figure, SVGPlot.escaped(finding.chip),
            finding.expected.map { number($0) + unit } ?? "",
            finding.measured.map { number($0) + unit } ?? "", bound ?? "",
            finding.samples > 0 ? "\(finding.samples)" : "", verdict,
        ]
        return "<tr>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
    }

    /// A finding for a terminal.
    static func sentence(_ finding: Finding) -> String {
        let head = "\(finding.chip)  \(finding.law) (\(finding.number)): \(finding.figure)"
        guard let expected = finding.expected, let measured = finding.measured,
            let bound = finding.bound
        else { return "\(head): \(finding.source)" }
        return "\(head): \(number(measured)) \(finding.unit), expected \(number(expected)) ± "
            + "\(number(bound))"
    }

    /// Four digits; what is next to nothing is 0.
    static func number(_ value: Double) -> String {
        if abs(value) < 1e-15 { return "0" }
        return value == value.rounded() && abs(value) < 1e6
            ? String(format: "%.0f", value) : String(format: "%.4g", value)
    }

    private static let style = """
        main{max-width:1180px}.wide{overflow-x:auto}
        .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:0 28px}
        td:nth-child(2){white-space:normal;min-width:19rem}
        th:nth-child(2),td:nth-child(2),th:nth-child(3),td:nth-child(3){text-align:left}
        figure{margin:.8rem 0}small{color:var(--soft);font-size:.78rem}table{font-size:.9rem}
        .pass{color:var(--c2)}.fail{color:#d22;font-weight:700}
        """
}

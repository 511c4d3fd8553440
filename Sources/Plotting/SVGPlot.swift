internal import Foundation

/// One plot as inline SVG: bars, lines, bands and points over two axes.
///
/// Colours are CSS variables of the page (`--c0`, `--c1`, `--ink`, `--soft`,
/// `--grid`), so that a plot follows the reader's light or dark theme.
public struct SVGPlot: Sendable {
    public enum Mark: Sendable {
        /// Adjoining bars: `edges` has one value more than `heights`.
        case bars(edges: [Double], heights: [Double])
        case line([(x: Double, y: Double)])
        case points([(x: Double, y: Double)])
        case rings([(x: Double, y: Double)])
        /// Between low and high.
        case band([(x: Double, low: Double, high: Double)])
        /// A dashed horizontal line.
        case level(Double)
    }

    public struct Series: Sendable {
        public let name: String
        /// Which look, from 0: the page's colours, then the same with dashed lines.
        public let colour: Int
        public let mark: Mark

        public init(_ name: String, colour: Int, _ mark: Mark) {
            self.name = name
            self.colour = colour
            self.mark = mark
        }
    }

    public var title: String
    public var xLabel: String
    public var yLabel: String
    public var xRange: ClosedRange<Double>
    public var yRange: ClosedRange<Double>
    /// Places and texts of the x axis; empty: chosen.
    public var xTicks: [(at: Double, text: String)] = []
    /// y values are shares, shown in per cent.
    public var yIsPercent = false
    /// The x axis is logarithmic.
    public var xIsLogarithmic = false
    public var yIsLogarithmic = false
    public var series: [Series]

    public init(
        title: String, xLabel: String, yLabel: String, xRange: ClosedRange<Double>,
        yRange: ClosedRange<Double>, series: [Series]
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.xRange = xRange
        self.yRange = yRange
        self.series = series
    }

    /// With one line of legend; more of them move all below down.
    private static let (width, height) = (640.0, 360.0)
    private static let (left, right, top, bottom) = (72.0, 18.0, 44.0, 58.0)

    /// The `<svg>` element.
    public func svg() -> String {
        let (w, h) = (Self.width, Self.height)
        let names = legendPlaces
        let more = Self.legendLine * Double(names.last?.line ?? 0)
        var parts = [
            "<svg viewBox=\"0 0 \(Int(w)) \(Int(h + more))\" role=\"img\" "
                + "aria-label=\"\(Self.escaped(title))\">",
            text(Self.left, 20, title, anchor: "start", style: "title"),
            legend(names), "<g transform=\"translate(0 \(Self.short(more)))\">",
        ]
        for tick in Self.labelled(yRange, isLogarithmic: yIsLogarithmic, isPercent: yIsPercent) {
            let y = place(y: tick.at)
            parts.append(line(Self.left, y, w - Self.right, y, style: "grid"))
            parts.append(text(Self.left - 8, y + 4, tick.text, anchor: "end", style: "tick"))
        }
        for tick in xTicks.isEmpty
            ? Self.labelled(xRange, isLogarithmic: xIsLogarithmic, isPercent: false) : xTicks
        {
            let x = place(x: tick.at)
            parts.append(line(x, h - Self.bottom, x, h - Self.bottom + 5, style: "axis"))
            parts.append(text(x, h - Self.bottom + 19, tick.text, anchor: "middle", style: "tick"))
        }
        parts += series.map(drawn)
        parts.append(
            line(Self.left, h - Self.bottom, w - Self.right, h - Self.bottom, style: "axis"))
        parts.append(
            text((Self.left + w - Self.right) / 2, h - 14, xLabel, anchor: "middle", style: "label")
        )
        parts.append(
            "<text transform=\"translate(16 \(Self.short((Self.top + h - Self.bottom) / 2))) rotate(-90)\" "
                + "text-anchor=\"middle\" class=\"label\">\(Self.escaped(yLabel))</text>")
        parts.append("</g>")
        parts.append("</svg>")
        return parts.joined(separator: "\n")
    }

    /// The plot as a file of its own, with the page's colours and fonts.
    public func file() -> String {
        svg().replacingOccurrences(
            of: "<svg ", with: "<svg xmlns=\"http://www.w3.org/2000/svg\" "
        ).replacingOccurrences(
            of: "\n</svg>",
            with: "\n<style>\(PageStyle.css)svg{background:var(--paper)}</style>\n</svg>\n")
    }

    // MARK: - Marks

    private func drawn(_ series: Series) -> String {
        let colour = series.paint
        switch series.mark {
        case .bars(let edges, let heights):
            return heights.indices.filter { heights[$0] > 0 }.map { index in
                let (x0, x1) = (place(x: edges[index]), place(x: edges[index + 1]))
                let y = place(y: min(heights[index], yRange.upperBound))
                return "<rect x=\"\(Self.short(x0))\" y=\"\(Self.short(y))\" "
                    + "width=\"\(Self.short(max(0.5, x1 - x0 - 0.4)))\" "
                    + "height=\"\(Self.short(place(y: yRange.lowerBound) - y))\" fill=\"\(colour)\" fill-opacity=\"0.62\"/>"
            }.joined()
        case .line(let points):
            return "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2.2\""
                + "\(series.dashes) points=\"\(points.map { pair($0.x, $0.y) }.joined(separator: " "))\"/>"
        case .points(let points):
            return points.map {
                "<circle cx=\"\(Self.short(place(x: $0.x)))\" cy=\"\(Self.short(place(y: $0.y)))\" r=\"4\" "
                    + "fill=\"\(colour)\" stroke=\"var(--paper)\" stroke-width=\"1.2\"/>"
            }.joined()
        case .rings(let points):
            return points.map {
                "<circle cx=\"\(Self.short(place(x: $0.x)))\" cy=\"\(Self.short(place(y: $0.y)))\" r=\"7\" "
                    + "fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.6\"/>"
            }.joined()
        case .band(let points):
            let upper = points.map { pair($0.x, $0.high) }
            let lower = points.reversed().map { pair($0.x, $0.low) }
            return "<polygon fill=\"\(colour)\" fill-opacity=\"0.18\" "
                + "points=\"\((upper + lower).joined(separator: " "))\"/>"
        case .level(let value):
            let y = place(y: value)
            return "<line x1=\"\(Self.short(Self.left))\" y1=\"\(Self.short(y))\" "
                + "x2=\"\(Self.short(Self.width - Self.right))\" y2=\"\(Self.short(y))\" "
                + "stroke=\"\(colour)\" stroke-width=\"1.6\" stroke-dasharray=\"6 5\"/>"
        }
    }

    private static let legendLine = 16.0

    /// About as wide as common fonts set it at the size of a tick's label.
    private static func legendWidth(_ name: String) -> Double {
        name.reduce(0) { $0 + ("mwMW".contains($1) ? 11 : 6.5) }
    }

    /// Where the names of series stand, as many in a line as there is room for.
    private var legendPlaces: [(series: Series, x: Double, line: Int)] {
        var (x, line) = (Self.left, 0)
        return series.filter { !$0.name.isEmpty }.map { series in
            let width = 34 + Self.legendWidth(series.name)
            if x > Self.left, x + width > Self.width {
                (x, line) = (Self.left, line + 1)
            }
            defer { x += width }
            return (series, x, line)
        }
    }

    private func legend(_ places: [(series: Series, x: Double, line: Int)]) -> String {
        places.map { series, x, line in
            let y = 27 + Self.legendLine * Double(line)
            let sample =
                series.dashes.isEmpty
                ? "<rect x=\"\(Self.short(x))\" y=\"\(Self.short(y))\" width=\"12\" "
                    + "height=\"9\" rx=\"2\" fill=\"\(series.paint)\"/>"
                : "<line x1=\"\(Self.short(x))\" y1=\"\(Self.short(y + 4.5))\" "
                    + "x2=\"\(Self.short(x + 14))\" y2=\"\(Self.short(y + 4.5))\" "
                    + "stroke=\"\(series.paint)\" stroke-width=\"3\"\(series.dashes)/>"
            return sample + text(x + 17, y + 9, series.name, anchor: "start", style: "tick")
        }.joined()
    }

    // MARK: - Places and texts

    private func place(x: Double) -> Double {
        let share = Self.share(x, xRange, isLogarithmic: xIsLogarithmic)
        return Self.left + share * (Self.width - Self.left - Self.right)
    }

    private func place(y: Double) -> Double {
        let share = Self.share(y, yRange, isLogarithmic: yIsLogarithmic)
        return Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
    }

    /// Where a value lies in its range, 0 … 1; at the nearer end when outside.
    private static func share(
        _ value: Double, _ range: ClosedRange<Double>, isLogarithmic: Bool
    ) -> Double {
        let inside = min(max(value, range.lowerBound), range.upperBound)
        func scaled(_ value: Double) -> Double { isLogarithmic ? log10(value) : value }
        return (scaled(inside) - scaled(range.lowerBound))
            / (scaled(range.upperBound) - scaled(range.lowerBound))
    }

    private func pair(_ x: Double, _ y: Double) -> String {
        "\(Self.short(place(x: x))),\(Self.short(place(y: y)))"
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String)
        -> String
    {
        "<line x1=\"\(Self.short(x1))\" y1=\"\(Self.short(y1))\" x2=\"\(Self.short(x2))\" "
            + "y2=\"\(Self.short(y2))\" class=\"\(style)\"/>"
    }

    private func text(_ x: Double, _ y: Double, _ text: String, anchor: String, style: String)
        -> String
    {
        "<text x=\"\(Self.short(x))\" y=\"\(Self.short(y))\" text-anchor=\"\(anchor)\" "
            + "class=\"\(style)\">\(Self.escaped(text))</text>"
    }

    /// Ticks with their texts: round numbers; or powers of ten, and the ends of a range that has
    /// none.
    private static func labelled(
        _ range: ClosedRange<Double>, isLogarithmic: Bool, isPercent: Bool
    ) -> [(at: Double, text: String)] {
        guard isLogarithmic else {
            return ticks(range).map { ($0, isPercent ? "\(number($0 * 100)) %" : number($0)) }
        }
        let first = Int((log10(range.lowerBound) - 1e-9).rounded(.up))
        let last = Int((log10(range.upperBound) + 1e-9).rounded(.down))
        guard first <= last else {
            return [range.lowerBound, range.upperBound].map { ($0, rounded($0)) }
        }
        return stride(from: first, through: last, by: last - first > 7 ? 2 : 1).map {
            (pow(10, Double($0)), "10" + superscript($0))
        }
    }

    /// Three digits: "0.25", "40", "2·10⁵".
    private static func rounded(_ value: Double) -> String {
        let parts = String(format: "%.3g", value).split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return String(parts[0]) }
        return "\(parts[0])·10\(superscript(exponent))"
    }

    private static func superscript(_ exponent: Int) -> String {
        let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
        return (exponent < 0 ? "⁻" : "")
            + String(String(abs(exponent)).compactMap { $0.wholeNumberValue.map { digits[$0] } })
    }

    /// About five round numbers inside a range.
    static func ticks(_ range: ClosedRange<Double>) -> [Double] {
        let rough = (range.upperBound - range.lowerBound) / 5
        let power = pow(10, log10(rough).rounded(.down))
        let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
        return stride(
            from: (range.lowerBound / step).rounded(.up) * step,
            through: range.upperBound + step * 1e-6,
            by: step
        ).map { $0 }
    }

    private static func number(_ value: Double) -> String {
        let text = String(format: "%g", abs((value * 1e6).rounded() / 1e6))
        return value < -1e-9 ? "−\(text)" : text
    }

    private static func short(_ value: Double) -> String { String(format: "%.1f", value) }

    public static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(
            of: "<", with: "&lt;"
        )
        .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }
}

extension SVGPlot.Series {
    private static let dashPatterns = ["", "5 3", "2 3"]

    fileprivate var paint: String { "var(--c\(colour % PageStyle.colours))" }

    /// What tells series of one colour apart.
    fileprivate var dashes: String {
        let pattern = Self.dashPatterns[colour / PageStyle.colours % Self.dashPatterns.count]
        return pattern.isEmpty ? "" : " stroke-dasharray=\"\(pattern)\""
    }
}

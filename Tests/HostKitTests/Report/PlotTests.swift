import HostKit
import Plotting
import Testing

@Suite("Plots")
struct PlotTests {
    private static func plot(
        curves: Int = 1, from first: Double = 0, to last: Double = 1, isLogarithmic: Bool = false
    ) -> String {
        var plot = SVGPlot(
            title: "T", xLabel: "x", yLabel: "y", xRange: first ... last, yRange: 0 ... 100,
            series: (0 ..< curves).map {
                .init("s\($0)", colour: $0, .line([(x: first, y: 1), (x: last, y: 2)]))
            })
        plot.xIsLogarithmic = isLogarithmic
        return plot.svg()
    }

    /// What the elements of a kind are painted with, in their order.
    private static func looks(of element: String, _ svg: String) -> [[String]] {
        svg.components(separatedBy: "<\(element) ").dropFirst().compactMap { part in
            let tag = part.prefix { $0 != ">" }.components(separatedBy: "\"")
            func value(_ key: String) -> String? {
                tag.firstIndex { $0.hasSuffix(" \(key)=") }.map { tag[$0 + 1] }
            }
            let paint = [value("stroke"), value("fill")].compactMap(\.self).first {
                $0.hasPrefix("var(--c")
            }
            return paint.map { [$0, value("stroke-dasharray") ?? ""] }
        }
    }

    /// The page has six colours.
    @Test func everyCurveHasAColourOfThePageAndALookOfItsOwn() {
        let svg = Self.plot(curves: 14)
        let curves = Self.looks(of: "polyline", svg)
        let colours = (0 ..< 14).map { "var(--c\($0 % 6))" }
        #expect(curves.map { $0[0] } == colours)
        #expect(Set(curves).count == 14)
        #expect(curves.prefix(6).allSatisfy { $0[1].isEmpty })
        for colour in Set(colours) {
            #expect(PageStyle.css.contains(colour.dropFirst(4).dropLast() + ":#"))
        }
        // The legend's marks: filled, then lines with the curve's dashes.
        #expect(Self.looks(of: "rect", svg) == Array(curves.prefix(6)))
        #expect(Self.looks(of: "line", svg) == Array(curves.dropFirst(6)))
    }

    /// Texts below the x axis, and where they stand; the axis goes from 72 to 622.
    private static func ticks(_ svg: String) -> [[String]] {
        svg.components(separatedBy: "<text x=\"").dropFirst().compactMap { part in
            guard part.contains("y=\"321.0\""),
                let text = part.split(separator: ">").dropFirst().first?.split(separator: "<").first
            else { return nil }
            return [String(part.prefix { $0 != "\"" }), String(text)]
        }
    }

    @Test func aLogarithmicAxisWithoutAPowerOfTenTellsItsEnds() {
        func ticks(_ first: Double, _ last: Double) -> [[String]] {
            Self.ticks(Self.plot(from: first, to: last, isLogarithmic: true))
        }
        #expect(ticks(2e5, 5e5) == [["72.0", "2·10⁵"], ["622.0", "5·10⁵"]])
        #expect(ticks(0.2, 0.5) == [["72.0", "0.2"], ["622.0", "0.5"]])
        #expect(ticks(2e-7, 3.5e-7) == [["72.0", "2·10⁻⁷"], ["622.0", "3.5·10⁻⁷"]])
        #expect(ticks(64, 80) == [["72.0", "64"], ["622.0", "80"]])
        // A third and two thirds of the way.
        #expect(
            ticks(1, 1000) == [
                ["72.0", "10⁰"], ["255.3", "10¹"], ["438.7", "10²"], ["622.0", "10³"],
            ])
        #expect(ticks(5, 50).map { $0[1] } == ["10¹"])
    }

    @Test func curvesGoFromLeftToRight() {
        let points = [(3.0, 0.3), (1, 0.1), (2, 0.2)].map { (x: $0, sample: Sample([$1])) }
        let result = ResultPlot(name: "n", title: "T", xLabel: "x", [(name: "s", points: points)])
        let found = result.plot.series.map { series -> [[Double]] in
            switch series.mark {
            case .line(let points), .points(let points): points.map { [$0.x, $0.y] }
            case .band(let points): points.map { [$0.x, $0.low] }
            default: []
            }
        }
        #expect(found.count == 3)
        #expect(
            found.allSatisfy {
                $0.map { $0.map { $0.rounded() } } == [[1, 10], [2, 20], [3, 30]]
            })
    }
}

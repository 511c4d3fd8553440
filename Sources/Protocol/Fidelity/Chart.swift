internal import Plotting

/// Curves of one kind: the law as a line, what was measured as points, what was published as rings.
struct Chart {
    typealias Point = (x: Double, y: Double)

    struct Curve {
        let name: String
        var law: [Point] = []
        var measured: [Point] = []
        var published: [Point] = []
    }

    let title: String
    let xLabel: String
    let yLabel: String
    let xIsLogarithmic: Bool
    let yIsLogarithmic: Bool
    private(set) var curves: [Curve] = []

    init(
        title: String, xLabel: String, yLabel: String, xIsLogarithmic: Bool = false,
        yIsLogarithmic: Bool = false
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.xIsLogarithmic = xIsLogarithmic
        self.yIsLogarithmic = yIsLogarithmic
    }

    mutating func add(_ curve: Curve) {
        guard let index = curves.firstIndex(where: { $0.name == curve.name }) else {
            return curves.append(curve)
        }
        curves[index].law += curve.law
        curves[index].measured += curve.measured
        curves[index].published += curve.published
    }

    /// Nil: there is nothing to draw.
    func plot() -> SVGPlot? {
        let points = curves.flatMap { $0.law + $0.measured + $0.published }
        guard let xRange = Self.range(points.map(\.x), isLogarithmic: xIsLogarithmic),
            let yRange = Self.range(points.map(\.y), isLogarithmic: yIsLogarithmic)
        else { return nil }
        let names = curves.map(\.name)
        let series = curves.flatMap { curve -> [SVGPlot.Series] in
            let colour = (names.firstIndex(of: curve.name) ?? 0) % 6
            return [
                .init("", colour: colour, .line(curve.law)),
                .init(curve.name, colour: colour, .points(curve.measured)),
                .init("", colour: colour, .rings(curve.published)),
            ]
        }
        var plot = SVGPlot(
            title: title, xLabel: xLabel, yLabel: yLabel, xRange: xRange, yRange: yRange,
            series: series)
        plot.xIsLogarithmic = xIsLogarithmic
        plot.yIsLogarithmic = yIsLogarithmic
        return plot
    }

    /// A little more than the values take; linear axes show 0.
    private static func range(_ values: [Double], isLogarithmic: Bool) -> ClosedRange<Double>? {
        let values = values.filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
        guard let low = values.min(), let high = values.max() else { return nil }
        if isLogarithmic { return low / 1.6 ... high * 1.6 }
        let room = max(high - min(0, low), 1e-12) * 0.06
        return min(0, low) - (low < 0 ? room : 0) ... high + room
    }
}

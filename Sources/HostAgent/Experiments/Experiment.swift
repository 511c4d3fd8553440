public import Plotting
public import Protocol

/// A study that can be repeated: steps with figures, and a table of them.
///
/// The runner keeps each finished step, so that a run that was stopped goes on
/// where it was.
public protocol Experiment {
    /// All that decides the figures, beside the version of the program.
    associatedtype Settings: Codable & Sendable

    /// As the command line names it.
    static var name: String { get }
    var settings: Settings { get }
    /// The images that it learns from and is tried on, names and numbers, and the checkpoints
    /// that it starts from, names and checksums. A run goes on with the same ones only.
    var data: [String] { get }

    /// What is to be done, in this order; a step may use the files that earlier ones
    /// left in `folder`.
    func steps(in folder: String) throws -> [ExperimentStep]

    /// The result, from the figures of all steps by name.
    func table(_ figures: [String: Sample]) throws -> ResultTable

    /// The result as pictures.
    func plots(_ figures: [String: Sample]) throws -> [ResultPlot]
}

/// A picture of a result.
public struct ResultPlot: Sendable {
    /// Of its file, without ".svg".
    public let name: String
    public let plot: SVGPlot

    public init(name: String, _ plot: SVGPlot) {
        self.name = name
        self.plot = plot
    }
}

extension ResultPlot {
    /// Accuracies in per cent over a quantity: a line through the means of each series,
    /// and a band of their 95 % confidence. Points may come in any order.
    ///
    /// - Precondition: at least two different places x.
    public init(
        name: String, title: String, xLabel: String, isLogarithmic: Bool = false,
        _ series: [(name: String, points: [(x: Double, sample: Sample)])]
    ) {
        let places = series.flatMap { $0.points.map(\.x) }
        guard let first = places.min(), let last = places.max(), first < last else {
            preconditionFailure("a plot over one place")
        }
        var plot = SVGPlot(
            title: title, xLabel: xLabel, yLabel: "accuracy (%)", xRange: first ... last,
            yRange: lowest(series.flatMap(\.points).map(\.sample)) ... 100,
            series: series.enumerated().flatMap { number, series in
                let sorted = series.points.sorted { $0.x < $1.x }
                let points = sorted.map { (x: $0.x, y: $0.sample.mean * 100) }
                let band = sorted.map { point in
                    let half = (point.sample.confidence95 ?? 0) * 100
                    let mean = point.sample.mean * 100
                    return (x: point.x, low: mean - half, high: mean + half)
                }
                return [
                    SVGPlot.Series("", colour: number, .band(band)),
                    SVGPlot.Series(series.name, colour: number, .line(points)),
                    SVGPlot.Series("", colour: number, .points(points)),
                ]
            })
        plot.xIsLogarithmic = isLogarithmic
        self.init(name: name, plot)
    }
}

/// Where the axis of accuracies begins, %: at 0, or at a ten where all are above half.
private func lowest(_ samples: [Sample]) -> Double {
    let low = samples.map { ($0.mean - ($0.confidence95 ?? 0)) * 100 }.min() ?? 0
    return low > 50 ? min((low / 10).rounded(.down) * 10, 90) : 0
}

/// A part of an experiment that is done wholly or not at all.
public struct ExperimentStep {
    public let name: String
    /// What it will take, in images seen: for the time left. An image that a
    /// network learns from counts as three.
    public let images: Int
    /// How many figures it has.
    public let figures: Int
    /// What is told of its figures when it is done.
    public let summary: ([Double]) -> String
    /// Does it, tells how many images are done, and returns its figures.
    public let run: (_ progress: (Int) -> Void) throws -> [Double]

    /// - Parameter summary: default: of shares, their mean.
    public init(
        name: String, images: Int, figures: Int = 1,
        summary: @escaping ([Double]) -> String = { Format.percent(Sample($0).mean) },
        run: @escaping (_ progress: (Int) -> Void) throws -> [Double]
    ) {
        self.name = name
        self.images = images
        self.figures = figures
        self.summary = summary
        self.run = run
    }
}

/// What stops an experiment.
public enum ExperimentError: StatusError, Equatable {
    case otherSettings(folder: String, field: String)
    /// Settings by name, as they are asked for and as the folder's run has them.
    case changedSettings(folder: String, asked: String, recorded: String)
    case unreadableRecord(file: String)
    case stepsWithoutSettings(file: String)

    public var description: String {
        switch self {
        case .otherSettings(let folder, let field):
            "'\(folder)' holds a run with another \(field); \(Self.wayOut)"
        case .changedSettings(let folder, let asked, let recorded):
            "'\(folder)' holds a run with \(recorded), not \(asked); \(Self.wayOut)"
        case .unreadableRecord(let file):
            "'\(file)' is not the record of an experiment; remove its folder to start afresh"
        case .stepsWithoutSettings(let file):
            "'\(file)' has no settings.json beside it; remove its folder to start afresh"
        }
    }
    private static let wayOut = "name another folder with --output, or remove that one"

    public var exitStatus: ExitStatus {
        switch self {
        case .otherSettings, .changedSettings: .usage
        case .unreadableRecord, .stepsWithoutSettings: .data
        }
    }
}

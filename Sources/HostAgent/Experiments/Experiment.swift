public import Protocol

/// A study that can be repeated: steps with figures, and a table of them.
///
/// The runner keeps each finished step, so that a run that was stopped goes on
/// where it was.
public protocol Experiment {
    /// All that decides the figures, beside the version of the program.
    associatedtype Settings: Codable & Equatable & Sendable

    /// As the command line names it.
    static var name: String { get }
    var settings: Settings { get }
    /// The images that it learns from and is tried on: names and numbers. A run goes on with the
    /// same ones only.
    var data: [String] { get }

    /// What is to be done, in this order; a step may use the files that earlier ones
    /// left in `folder`.
    func steps(in folder: String) throws -> [ExperimentStep]

    /// The result, from the figures of all steps by name.
    func table(_ figures: [String: Sample]) throws -> ResultTable
}

/// A part of an experiment that is done wholly or not at all.
public struct ExperimentStep {
    public let name: String
    /// What it will take, in images seen: for the time left. An image that a
    /// network learns from counts as three.
    public let images: Int
    /// Does it, tells how many images are done, and returns its figures.
    public let run: (_ progress: (Int) -> Void) throws -> [Double]

    public init(
        name: String, images: Int, run: @escaping (_ progress: (Int) -> Void) throws -> [Double]
    ) {
        self.name = name
        self.images = images
        self.run = run
    }
}

/// What stops an experiment.
public enum ExperimentError: StatusError, Equatable {
    case otherSettings(folder: String, field: String)
    case unreadableRecord(file: String)

    public var description: String {
        switch self {
        case .otherSettings(let folder, let field):
            "'\(folder)' holds a run with another \(field); name another folder with --output, "
                + "or remove that one"
        case .unreadableRecord(let file):
            "'\(file)' is not the record of an experiment; remove its folder to start afresh"
        }
    }
    public var exitStatus: ExitStatus {
        switch self {
        case .otherSettings: .usage
        case .unreadableRecord: .data
        }
    }
}

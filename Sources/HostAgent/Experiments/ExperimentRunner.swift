internal import Foundation

/// What an experiment's folder says about its run: `settings.json`.
struct ExperimentRecord<Settings: Codable>: Codable {
    var experiment: String
    var settings: Settings
    /// Images and checkpoints.
    var data: [String]
    var command: String
    var started: String
    var threads: Int
    var versions: [String: String]
}

/// What any experiment's record has.
private struct ExperimentOrigin: Decodable {
    var experiment: String
    var versions: [String: String]
}

/// Runs an experiment in a folder:
///
/// | file | content |
/// |------|---------|
/// | `settings.json` | settings, command, versions, start |
/// | `steps.json` | the figures of each finished step, by its name |
/// | `table.md`, `table.csv`, `*.svg` | the result, once all steps are finished |
///
/// Every file is there wholly or not at all. A step that was finished is not done
/// again; settings, images and threads must then be the same.
public struct ExperimentRunner {
    private let folder: String
    private let command: String
    private let report: (String) -> Void

    public init(folder: String, command: String, report: @escaping (String) -> Void = { _ in }) {
        self.folder = folder
        self.command = command
        self.report = report
    }

    public func run(_ experiment: some Experiment) throws -> ResultTable {
        try DataFile.makeFolder(folder)
        try keepRecord(of: experiment)
        let steps = try experiment.steps(in: folder)
        precondition(Set(steps.map(\.name)).count == steps.count)
        var finished = try finished(of: steps)
        let left = steps.filter { finished[$0.name] == nil }
        let imagesTotal = left.reduce(0) { $0 + $1.images }
        var imagesBefore = 0
        let line = ProgressLine()
        for (index, step) in left.enumerated() {
            let figures = try step.run { images in
                line.show(
                    "step \(steps.count - left.count + index + 1)/\(steps.count) \(step.name) ",
                    images: imagesBefore + images, of: imagesTotal)
            }
            precondition(figures.count == step.figures)
            imagesBefore += step.images
            line.end()
            finished[step.name] = Sample(figures)
            try write(finished.mapValues(\.values), to: "steps.json")
            report("\(step.name): \(step.summary(figures))")
        }
        let table = try experiment.table(finished)
        let plots = try experiment.plots(finished)
        for plot in plots {
            try DataFile.write(Array(plot.plot.file().utf8), to: "\(folder)/\(plot.name).svg")
        }
        let pictures = plots.map { "\n![\($0.plot.title)](\($0.name).svg)\n" }.joined()
        try DataFile.write(Array(table.csv.utf8), to: "\(folder)/table.csv")
        try DataFile.write(Array((table.markdown + pictures).utf8), to: "\(folder)/table.md")
        return table
    }

    /// Writes `settings.json`, or checks that the one there says the same.
    private func keepRecord<Study: Experiment>(of experiment: Study) throws {
        let path = "\(folder)/settings.json"
        guard FileManager.default.fileExists(atPath: path) else {
            // Nobody can tell what its steps were done with.
            let steps = "\(folder)/steps.json"
            guard !FileManager.default.fileExists(atPath: steps) else {
                throw ExperimentError.stepsWithoutSettings(file: steps)
            }
            let record = ExperimentRecord(
                experiment: Study.name, settings: experiment.settings, data: experiment.data,
                command: command,
                started: Date.now.ISO8601Format(), threads: TorchRuntime.threads,
                versions: ["nvcim": version, "libtorch": TorchRuntime.version])
            return try write(record, to: "settings.json")
        }
        let bytes = Data(try DataFile.rawContents(of: path))
        func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
            guard let value = try? JSONDecoder().decode(type, from: bytes) else {
                throw ExperimentError.unreadableRecord(file: path)
            }
            return value
        }
        func mustEqual<Value: Equatable>(_ a: Value, _ b: Value, _ field: String) throws {
            if a != b { throw ExperimentError.otherSettings(folder: folder, field: field) }
        }
        // Another study or version may have settings that this one can't read.
        let origin = try decoded(ExperimentOrigin.self)
        try mustEqual(origin.experiment, Study.name, "experiment")
        try mustEqual(origin.versions["nvcim"], version, "version of the program")
        try mustEqual(origin.versions["libtorch"], TorchRuntime.version, "version of libtorch")
        let record = try decoded(ExperimentRecord<Study.Settings>.self)
        let changes = JSONDifference.all(
            "settings", between: String(decoding: try json(experiment.settings), as: UTF8.self),
            and: String(decoding: try json(record.settings), as: UTF8.self))
        guard changes.isEmpty else {
            throw ExperimentError.changedSettings(
                folder: folder,
                asked: JSONDifference.text(changes, without: "settings.", \.first),
                recorded: JSONDifference.text(changes, without: "settings.", \.second))
        }
        try mustEqual(record.data, experiment.data, "set of images or networks")
        try mustEqual(record.threads, TorchRuntime.threads, "number of threads")
    }

    private func finished(of steps: [ExperimentStep]) throws -> [String: Sample] {
        let path = "\(folder)/steps.json"
        guard FileManager.default.fileExists(atPath: path) else { return [:] }
        let bytes = Data(try DataFile.rawContents(of: path))
        guard let finished = try? JSONDecoder().decode([String: [Double]].self, from: bytes),
            finished.values.allSatisfy({ !$0.isEmpty }),
            steps.allSatisfy({ step in
                finished[step.name].map { $0.count == step.figures } ?? true
            })
        else { throw ExperimentError.unreadableRecord(file: path) }
        return finished.mapValues(Sample.init)
    }

    private func write(_ value: some Encodable, to name: String) throws {
        try DataFile.write(json(value) + [0x0A], to: "\(folder)/\(name)")
    }

    private func json(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try [UInt8](encoder.encode(value))
    }
}

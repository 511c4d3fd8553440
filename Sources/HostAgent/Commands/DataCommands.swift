import ArgumentParser
import HostKit

/// Looks at data sets and makes corrupted ones.
struct DataCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Lists data sets and corruptions; corrupts images.",
        subcommands: [List.self, Corrupt.self])
}

extension DataCommands {
    /// What there is.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the data sets of a folder, and the corruptions with their parameters.")

        @OptionGroup var dataOptions: DataOptions
        @Flag(help: "Print the result as JSON.")
        var json = false

        func run() throws {
            try Output.print(DataListing(dataOptions.location), json: json)
        }
    }

    /// Writes corrupted images.
    struct Corrupt: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Corrupts images of a data set at severities 1 to 5.",
            discussion: """
                Writes <corruption>.npy and labels.npy in CIFAR-10-C's layout: uint8 [5·n, height, \
                width, channels], the n images at severity 1, then at 2 … 5.
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var dataOptions: DataOptions

        @Option(
            help: ArgumentHelp(
                "The data set in the folder (default: the only one there).",
                valueName: DataSet.allCases.map(\.rawValue).joined(separator: "|")),
            transform: { try oneOf(DataSet.self, $0, "the data set") })
        var dataset: DataSet?
        @Option(
            help: "training or test.", transform: { try oneOf(DataSet.Part.self, $0, "the part") })
        var part = DataSet.Part.test
        @Option(
            parsing: .upToNextOption,
            help: "Names as 'hostagent data list' prints them, or all.")
        var corruption: [String]
        @Option(help: "1 … 5 (default: all, behind each other).")
        var severity: Int?
        @Option(help: "Corrupt only the first so many images (default: all).")
        var images: Int?
        @Option(name: [.short, .long], help: "The folder to write to; made where it is missing.")
        var output: String

        func validate() throws {
            try checkRange("--severity", severity, Corruption.severities)
            try checkRange("--images", images, 1...)
            _ = try chosen()
        }

        private func chosen() throws -> [Corruption] {
            if corruption == ["all"] { return Corruption.allCases }
            return try corruption.map { try oneOf(Corruption.self, $0, "the corruption") }
        }

        func run() throws {
            try common.start(onOneThread: true)
            var set = try dataOptions.location.load(dataset, part)
            if let images { set = try set.first(images) }
            let isColour = set.imageShape[0] == 3
            // 'all' of grey images leaves out what only colours have.
            let corruptions = try chosen().filter {
                corruption != ["all"] || isColour || !$0.needsColour
            }
            let severities = severity.map { [$0] } ?? Array(Corruption.severities)
            let line = ProgressLine()
            let total = corruptions.count * severities.count * set.count
            let files = try CorruptedImageFiles.write(
                set, corruptions: corruptions, severities: severities, seed: common.seed, to: output
            ) { corruption, done in
                line.show(corruption.rawValue, images: done, of: total)
            }
            line.end()
            try Output.print(
                CorruptionSummary(
                    images: set.name, seed: common.seed, severities: severities, written: files),
                json: common.json)
        }
    }
}

private struct CorruptionSummary: Encodable, CustomStringConvertible {
    let images: String
    let seed: UInt64
    let severities: [Int]
    let written: [String]

    var description: String {
        "\(images), severities \(severities.map(String.init).joined(separator: " ")), seed \(seed)\n"
            + "written: \(written.joined(separator: "\n         "))"
    }
}

import ArgumentParser
import Foundation
import HostKit
import Program

/// Repeats a published study.
struct Experiments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Repeats a published study and writes its table.",
        discussion: "A run that was stopped goes on where it was: finished steps are kept in the "
            + "output folder.",
        subcommands: [
            QAVATTableCommand.self, SelfTuningCommand.self, BatchNormCommand.self,
            SensitivityCommand.self, TinySharedBlockCommand.self, BlockWiseCommand.self,
        ])
}

/// What every experiment takes.
struct ExperimentOptions: ParsableArguments {
    @OptionGroup var common: CommonOptions
    @OptionGroup var dataOptions: DataOptions

    @Option(help: "Chips to try each network on (default: the study's, above).")
    var chips: Int?
    @Option(help: "Test images at most (default: the study's, above).")
    var images: Int?
    @Flag(help: "Few images, few chips: to see that everything works, not for figures.")
    var quick = false
    @Flag(
        help: ArgumentHelp(
            "Try on training images that the study's own training leaves out, for choosing "
                + "settings; a checkpoint given to a study has seen them where it was trained on all."
        ))
    var heldOut = false
    @Option(
        name: [.short, .long],
        help: "Folder of the results, made where it is missing (default: runs/NAME).")
    var output: String?

    /// For a study's help: how many chips and images it takes where nobody says so.
    static func defaults(
        _ usual: (chips: Int, images: Int), quick: (chips: Int, images: Int)
    ) -> String {
        " Defaults: \(usual.chips) chips, \(usual.images) test images; with --quick "
            + "\(quick.chips) and \(quick.images)."
    }

    func validate() throws {
        try checkRange("--chips", chips, 1 ... 100_000)
        try checkRange("--images", images, 1...)
    }

    /// Runs an experiment and prints its table.
    func run<Study: Experiment>(_ experiment: Study) throws {
        let folder = output ?? "runs/\(Study.name)"
        let runner = ExperimentRunner(
            folder: folder,
            command: (["hostagent"] + CommandLine.arguments.dropFirst())
                .joined(separator: " "),
            report: { Terminal.error($0) })
        let table = try runner.run(experiment)
        try Output.print(ExperimentSummary(table: table, folder: folder), json: common.json)
    }
}

/// What an experiment on emulated chips takes.
struct DaemonOptions: ParsableArguments {
    @Option(help: "The chip daemon (default: beside this program).")
    var chipd: String?

    func product() throws -> EmulatedChips.Product {
        EmulatedChips.Product(
            daemon: try Installation.daemon(chipd), specs: try Installation.specs())
    }
}

/// The result of `experiment`.
struct ExperimentSummary: Encodable, CustomStringConvertible {
    let title: String
    let header: [String]
    let rows: [[String]]
    let written: String
    let description: String

    enum CodingKeys: CodingKey { case title, header, rows, written }

    init(table: ResultTable, folder: String) {
        title = table.title
        header = table.header
        rows = table.rows
        written = folder
        description = "\(table.markdown)\nwritten: \(folder)"
    }
}

internal import ArgumentParser
internal import ChipClient
internal import Foundation
internal import Program
internal import Protocol

/// Holds running chips to the laws of firmware-specs/device.md, over the wire alone.
@main
struct Fidelity: RootCommand {
    static let configuration = CommandConfiguration(
        commandName: "nvcim-fidelity",
        abstract: "Measures whether chips obey the device model, and writes a report.",
        discussion: """
            Programs, reads, pulses and multiplies as a host does, and compares with figures of \
            its own. It overwrites and wears the chips that it is shown. What can only be had with \
            a simulated clock, snapshots or power is reported as not available where the daemon \
            doesn't announce simulation-controls. Ends with 1 when a figure is out of its bound.
            """,
        version: "nvcim-fidelity \(nvcimVersion)")

    @Option(help: "A daemon's command endpoint; may be given several times.")
    var endpoint: [String]
    @Option(help: "Serial of the chip of each daemon.")
    var chip: UInt32 = 1
    @Option(help: ArgumentHelp("Where the findings go as JSON.", valueName: "file"))
    var json: String?
    @Option(help: ArgumentHelp("Where the report goes as a page.", valueName: "file"))
    var html: String?
    @Option(
        help: ArgumentHelp(
            "Check this law alone; may be given several times.", valueName: "law"))
    var only: [String] = []
    @Flag(help: "Wait for daemons that are not there yet.")
    var wait = false

    func validate() throws {
        if chip == 0 { throw ValidationError("--chip is 0; serials begin at 1") }
        for name in only where !laws.contains(where: { $0.name == name }) {
            throw ValidationError(
                "--only is \(name); allowed: \(laws.map(\.name).joined(separator: ", "))")
        }
    }

    func run() throws {
        let start = ContinuousClock.now
        let shown = isatty(STDERR_FILENO) == 1
        var examination = Examination(
            laws: laws.filter { only.isEmpty || only.contains($0.name) })
        if shown {
            examination.progress = {
                FileHandle.standardError.write(Data("\r\u{1b}[K\($0)".utf8))
            }
        }
        for address in endpoint { try examine(address, &examination) }
        examination.close()
        if shown { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
        let record = examination.record
        if let json { try write(try Self.json(record.findings), to: json) }
        if let html {
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            try write(Data(Page(record: record, seconds: seconds).html().utf8), to: html)
        }
        for finding in record.findings where finding.pass != true {
            try Terminal.print([Page.sentence(finding)])
        }
        try Terminal.print([
            "\(record.passed) figures within their bounds, \(record.failed) not, "
                + "\(record.skipped) not available here"
        ])
        if record.failed > 0 { throw ExitCode(1) }
    }

    /// All analog banks of a daemon's chip.
    private func examine(_ address: String, _ examination: inout Examination) throws {
        var options = ChipOptions()
        options.client = "nvcim-fidelity \(nvcimVersion)"
        options.waitsForDaemon = wait
        options.chip = chip
        let link = try Link(address, options)
        do {
            try examine(link, &examination)
        } catch {
            // The first error is the one to tell; a lease that is not given back runs out.
            try? link.close()
            throw error
        }
        try link.close()
    }

    private func examine(_ link: Link, _ examination: inout Examination) throws {
        let sheet = try link.chip.describe()
        let isFresh = try link.chip.health().pulses == 0
        for bank in sheet.banks where !bank.digital && bank.gtmCells == 0 {
            guard let technology = Technology.named(bank.technology) else {
                for law in examination.laws {
                    examination.record.unavailable(
                        law, on: "\(sheet.spec) \(sheet.chip)", technology: bank.technology,
                        why: "the report has no figures for the technology \(bank.technology)")
                }
                continue
            }
            try examination.run(
                Bench(
                    link, sheet: sheet, bank: bank, technology: technology, isFresh: isFresh))
        }
    }

    private static func json(_ findings: [Finding]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(findings)
    }

    private func write(_ data: Data, to path: String) throws {
        do { try data.write(to: URL(fileURLWithPath: path)) } catch {
            throw Unwritable(description: "\(path): \(error.localizedDescription)")
        }
    }

    private struct Unwritable: StatusError {
        let description: String
        var exitStatus: ExitStatus { .cannotCreate }
    }
}

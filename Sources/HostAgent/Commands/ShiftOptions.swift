import ArgumentParser
import HostKit

/// Images that differ from those a network was trained on.
struct ShiftOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Corrupt the images: a name that 'data list' prints, or that of a file in the folder "
                + "of --cifar-c.", valueName: "name"))
    var corruption: String?
    @Option(
        help: ArgumentHelp("Severity of the corruption, 1 … 5 (default: 5).", valueName: "level"))
    var severity: Int?
    @Flag(help: "Flip the labels: x becomes the number of classes − 1 − x.")
    var flip = false
    @Option(
        help: ArgumentHelp(
            "Take the test images from <corruption>.npy in a folder of CIFAR-10-C's files.",
            valueName: "folder"))
    var cifarC: String?

    func validate() throws {
        try checkRange("--severity", severity, Corruption.severities)
        if corruption == nil,
            let option = severity != nil ? "--severity" : cifarC.map({ _ in "--cifar-c" })
        {
            throw ValidationError("\(option) needs --corruption beside it.")
        }
        _ = try change()
    }

    func shift(seed: UInt64) throws -> ImageShift {
        ImageShift(try change(), flipsLabels: flip, seed: seed)
    }

    private func change() throws -> ImageShift.Change? {
        guard let corruption else { return nil }
        if let cifarC {
            return .read(folder: cifarC, corruption: corruption, severity: severity)
        }
        return .made(
            try oneOf(Corruption.self, corruption, "the corruption"),
            severity: severity ?? ImageShift.severityUsual)
    }
}

import ArgumentParser
import HostKit

/// What every sub-command takes.
struct CommonOptions: ParsableArguments {
    @Flag(help: "Print the result as JSON.")
    var json = false

    @Option(
        help:
            "Seed of all random numbers; the same seed, threads and kind of processor repeat a run exactly."
    )
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Threads of the network's arithmetic (default: all cores; 1 for the embedded digits, and "
                + "for LeNets in the experiment tiny-shared-block).")
    )
    var threads: Int?

    func validate() throws {
        try checkRange("--threads", threads, 1 ... 1024)
    }

    /// Called first, and to come back to these threads.
    ///
    /// - Parameter isSmall: whether the work is the embedded digits' or of like size, whose
    ///   steps are too short to share: threads that wait for each other cost more than they bring.
    func start(isSmall: Bool = false) throws {
        try TorchRuntime.configure(threads: threads ?? (isSmall ? 1 : nil))
    }
}

/// Where the images are.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of a data set's files, or 'digits' for the data set inside the program "
                + "(default: the environment's NVCIM_DATA, else 'digits').", valueName: "folder"))
    var data: String?

    var location: DataLocation { DataLocation(data) }
}

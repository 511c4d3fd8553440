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
            "Threads of the network's arithmetic (default: all cores; 1 for the embedded digits, "
                + "for LeNets in the experiment tiny-shared-block, and in batch-norm and block-wise)."
        )
    )
    var threads: Int?

    func validate() throws {
        try checkRange("--threads", threads, 1 ... 1024)
    }

    /// Called first, and to come back to these threads.
    ///
    /// - Parameter onOneThread: where nobody says otherwise. For work of the embedded digits' size,
    ///   whose steps are too short to share, and where the host mostly waits for a chip: threads
    ///   that wait spin, and cost more than they bring.
    func start(onOneThread: Bool = false) throws {
        try TorchRuntime.configure(threads: threads ?? (onOneThread ? 1 : nil))
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

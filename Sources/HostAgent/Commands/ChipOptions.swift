import ArgumentParser
import Foundation
import HostKit
import Program

/// Which chip.
struct ChipOptions: ParsableArguments {
    @Option(help: "The daemon's endpoint (default: the environment's NVCIM_ENDPOINT).")
    var endpoint: String?
    @Option(help: "Serial of the chip (default: the only one).")
    var chip: UInt32?
    @Option(
        help: ArgumentHelp(
            "Seconds without a sign of life, or for another host's lease, until giving up.",
            valueName: "s"))
    var timeout = 60.0
    @Flag(help: "Wait, until the timeout, for a daemon that isn't there.")
    var wait = false

    func validate() throws {
        guard timeout > 0, timeout <= 86_400 else {
            throw ValidationError("--timeout must be above 0 and at most 86400, not \(timeout).")
        }
    }

    /// - Parameter bank: where matrices go; `nil`: the chip's first analog bank.
    func session(bank: String? = nil) throws -> WireChipSession {
        guard let endpoint = endpoint ?? ProcessInfo.processInfo.environment["NVCIM_ENDPOINT"]
        else {
            throw ValidationError(
                "Say where the daemon is: --endpoint, for example ipc:///run/nvcim/chip.")
        }
        return try WireChipSession(
            endpoint: endpoint, chip: chip ?? 0, bank: bank, timeout: .seconds(timeout),
            waitsForDaemon: wait,
            warn: { Terminal.error("hostagent: \($0)") })
    }
}

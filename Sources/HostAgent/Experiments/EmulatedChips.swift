internal import Foundation
internal import Protocol

/// Chips behind a daemon of this population's own: serial number n is chip n. It and
/// its state are gone with this object, or when the process is interrupted.
public final class EmulatedChips {
    /// The programs and files of the product.
    public struct Product: Sendable {
        public let daemon: String
        /// The folder firmware-specs.
        public let specs: String

        public init(daemon: String, specs: String) {
            self.daemon = daemon
            self.specs = specs
        }
    }

    private let folder: String
    private let endpoint: Endpoint
    private let daemon: DaemonProcess
    private let interruption: Interruption.Registration

    /// Chips 1 … `chips`.
    public convenience init(_ chip: StudyChip, chips: Int, _ product: Product) throws {
        precondition(chips >= 1)
        try self.init(chip, serials: 1 ... UInt32(chips), product)
    }

    /// Starts the daemon.
    public init(_ chip: StudyChip, serials: ClosedRange<UInt32>, _ product: Product) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("nvcim-chips-\(UUID().uuidString)").path
        self.folder = folder
        endpoint = try Endpoint(parsing: "ipc://\(folder)/chip")
        let file: String
        do {
            file = try chip.write(to: folder, from: product.specs)
            daemon = DaemonProcess(
                path: product.daemon, spec: file, folder: folder, endpoint: endpoint,
                serials: Array(serials))
            let running = daemon.running
            interruption = try Interruption.register {
                running.endForGood { try? FileManager.default.removeItem(atPath: folder) }
            }
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
        try daemon.start()
    }

    deinit {
        daemon.stop()
        try? FileManager.default.removeItem(atPath: folder)
        interruption.end()
    }

    /// A connection to chip number `number`, from 1.
    public func session(chip number: Int, bank: String? = nil) throws -> WireChipSession {
        try WireChipSession(
            endpoint: endpoint.description, chip: UInt32(number), bank: bank,
            waitsForDaemon: true)
    }
}

internal import ChipCore
internal import Foundation
internal import Glibc

/// A state directory opened for looking: beside a running daemon, or on a stopped one.
///
/// Invariant: nothing in the directory is changed. On a stopped state a shared lock keeps a
/// daemon from starting for the moment of the look.
public final class StateInspection: Sendable {
    public let path: String
    public let spec: ResolvedSpec
    /// Serials of the chips that were ever used, ascending.
    public let serials: [UInt32]
    private let isInUse: Bool
    private let lock: Int32

    /// - Parameter serial: look at this chip only.
    public init(path: String, serial: UInt32?) throws(StateError) {
        self.path = path
        let file = "\(path)/lock"
        lock = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard lock >= 0 else {
            if errno == ENOENT || errno == ENOTDIR {
                throw StateError(.unusable, "\(path) is not a state directory: it has no lock file")
            }
            throw .system("open \(file)", errno)
        }
        isInUse = flock(lock, LOCK_SH | LOCK_NB) != 0
        do throws(StateError) {
            spec = try Self.spec(path)
            serials = try Self.serials(in: path, only: serial)
        } catch {
            close(lock)
            throw error
        }
    }

    deinit { close(lock) }

    func store(_ serial: UInt32) throws(StoreFault) -> ReadOnlyStore {
        try ReadOnlyStore(path: "\(path)/chips/\(serial)/chip.db", isInUse: isInUse)
    }

    private static func spec(_ path: String) throws(StateError) -> ResolvedSpec {
        do {
            return try ResolvedSpec(resolved: "\(path)/spec.yaml")
        } catch {
            throw StateError(.unusable, error.description)
        }
    }

    private static func serials(in path: String, only serial: UInt32?) throws(StateError)
        -> [UInt32]
    {
        let directory = "\(path)/chips"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let found = names.compactMap { UInt32($0) }
            .filter { serial in
                ["chip.db", "made"].contains {
                    FileManager.default.fileExists(atPath: "\(directory)/\(serial)/\($0)")
                }
            }
            .sorted()
        guard let serial else { return found }
        guard found.contains(serial) else {
            throw StateError(.unusable, "\(path) has no chip \(serial)")
        }
        return [serial]
    }
}

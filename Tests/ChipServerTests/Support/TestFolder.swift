import Foundation

/// A folder of a test, gone with it. Short, because a socket's path has at most 107 bytes.
final class TestFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "nv-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// The repository's own spec files.
enum ShippedSpecs {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("firmware-specs").path

    static func chip(_ name: String) -> String { "\(folder)/chips/\(name).yaml" }
}

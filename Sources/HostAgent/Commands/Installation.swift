import Foundation
import HostKit

/// Where this program's companions are.
enum Installation {
    /// The folder of this program, links resolved.
    private static let folder =
        (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
        .resolvingSymlinksInPath().deletingLastPathComponent()

    /// The chip daemon: as the option says, else beside this program.
    static func daemon(_ option: String?) throws -> String {
        let path = option ?? folder.appendingPathComponent("chipd").path
        try DaemonProcess.check(path)
        return path
    }

    /// A file of firmware-specs: of the working folder, else as installed.
    static func spec(_ name: String) throws -> String { try place("firmware-specs/\(name)") }

    /// The folder firmware-specs.
    static func specs() throws -> String { try place("firmware-specs") }

    private static func place(_ name: String) throws -> String {
        let installed = folder.appendingPathComponent("../share/nvcim/\(name)")
            .standardizedFileURL.path
        let places = [name, installed]
        guard let place = places.first(where: FileManager.default.fileExists) else {
            throw DataError.nothingFound(
                folder: FileManager.default.currentDirectoryPath,
                expected: places.joined(separator: " or "))
        }
        return place
    }
}

internal import Glibc
public import Protocol

/// A data file that isn't what it should be, in one sentence: which file, what
/// was expected, what was found.
public enum DataError: StatusError, Equatable {
    /// With the system's error number.
    case unreadable(file: String, code: Int32)
    case unwritable(file: String, code: Int32)
    /// A device, a pipe or a socket, which a file would take the place of.
    case notAFile(String)
    case wrongContent(file: String, expected: String, found: String)
    case compression(file: String, format: String, why: String)
    case nothingFound(folder: String, expected: String)

    public var description: String {
        switch self {
        case .unreadable(let file, let code):
            "\(file) can't be read: \(String(cString: strerror(code)))"
        case .unwritable(let file, let code):
            "\(file) can't be written: \(String(cString: strerror(code)))"
        case .notAFile(let path):
            "\(path) can't be written: it is a device, a pipe or a socket; name a file"
        case .wrongContent(let file, let expected, let found):
            "\(file): expected \(expected), found \(found)"
        case .compression(let file, let format, let why):
            "\(file): expected a complete \(format) stream, found \(why)"
        case .nothingFound(let folder, let expected):
            "\(folder): expected \(expected), found none of them"
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .unreadable(_, let code): .reading(errno: code)
        case .unwritable(_, let code): .writing(errno: code)
        case .notAFile: .cannotCreate
        case .wrongContent, .compression, .nothingFound: .data
        }
    }
}

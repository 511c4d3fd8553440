internal import Glibc

/// How a program ends, in the numbers of sysexits.h: firmware-specs/exit-status.md.
public enum ExitStatus: Int32, Sendable, Hashable {
    /// An option or argument is unknown, missing or out of range.
    case usage = 64
    /// A file is missing, damaged, or made for something else.
    case data = 65
    /// The daemon or the chip cannot be reached.
    case unavailable = 69
    /// A mistake of ours.
    case software = 70
    /// A file or directory cannot be made.
    case cannotCreate = 73
    /// Reading or writing failed.
    case inputOutput = 74
    /// Try again later.
    case temporary = 75
    /// The file system or the chip does not permit it.
    case permission = 77

    /// Of a file that could not be opened for reading or be read.
    public static func reading(errno code: Int32) -> ExitStatus {
        switch code {
        case ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG: .data
        case EACCES, EPERM: .permission
        default: .inputOutput
        }
    }

    /// Of a file or directory that could not be made or written.
    public static func writing(errno code: Int32) -> ExitStatus {
        switch code {
        case ENOENT, ENOTDIR, EISDIR, EEXIST, ELOOP, ENAMETOOLONG: .cannotCreate
        case EACCES, EPERM, EROFS: .permission
        default: .inputOutput
        }
    }

    /// The status of any error; nil for one that says nothing of it.
    public init?(_ error: any Error) {
        guard let error = error as? any StatusError else { return nil }
        self = error.exitStatus
    }
}

/// An error that a program may end with: a sentence for a person and a status
/// for the shell.
public protocol StatusError: Error, CustomStringConvertible {
    var exitStatus: ExitStatus { get }
}

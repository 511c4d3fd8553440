internal import ChipCore
internal import GRDB
internal import Glibc

extension StoreFault {
    /// What SQLite reported, as a sentence that says what it means for the chip.
    static func failure(_ action: String, of path: String, _ error: any Error) -> StoreFault {
        guard let error = error as? DatabaseError else {
            return StoreFault(.temporary, "could not \(action) \(path): \(error)")
        }
        let primary = error.resultCode.primaryResultCode
        let meaning: String
        switch primary {
        case .SQLITE_FULL: meaning = "the disk is full; what was stored before is kept"
        case .SQLITE_READONLY: meaning = "the file or its file system is read-only"
        case .SQLITE_CANTOPEN:
            meaning =
                "the file is missing, its directory cannot be used, or too many files are open "
                + "(ulimit -n)"
        case .SQLITE_PERM, .SQLITE_AUTH: meaning = "permission was refused"
        case .SQLITE_BUSY, .SQLITE_LOCKED: meaning = "another program holds the file"
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: meaning = "the file is damaged"
        case .SQLITE_IOERR: meaning = "the disk reported an error"
        case .SQLITE_ERROR: meaning = "its tables are not those of a chip"
        default: meaning = "SQLite refused"
        }
        let isDamaged =
            primary == .SQLITE_CORRUPT || primary == .SQLITE_NOTADB || primary == .SQLITE_ERROR
        let detail = error.message.map { " (\($0))" } ?? ""
        return StoreFault(
            isDamaged ? .damaged : .temporary, "could not \(action) \(path): \(meaning)\(detail)")
    }

    /// The system's number as a sentence.
    static func system(_ action: String, _ code: Int32) -> StoreFault {
        StoreFault(
            .temporary, "could not \(action): \(String(cString: strerror(code)))")
    }

    static func damaged(_ what: String, of path: String) -> StoreFault {
        StoreFault(.damaged, "\(what) of \(path) is damaged")
    }
}

/// A data file that isn't what it should be, in one sentence: which file, what
/// was expected, what was found.
public enum DataError: Error, Equatable, CustomStringConvertible {
    case unreadable(file: String, why: String)
    case wrongContent(file: String, expected: String, found: String)
    case compression(file: String, format: String, why: String)
    case nothingFound(folder: String, expected: String)

    public var description: String {
        switch self {
        case .unreadable(let file, let why): "\(file) can't be read: \(why)"
        case .wrongContent(let file, let expected, let found):
            "\(file): expected \(expected), found \(found)"
        case .compression(let file, let format, let why):
            "\(file): expected a complete \(format) stream, found \(why)"
        case .nothingFound(let folder, let expected):
            "\(folder): expected \(expected), found none of them"
        }
    }
}

/// Why a spec file is refused: one sentence that names the file, the line, the key, its value
/// and what is allowed.
public struct SpecError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
    init(_ sentence: String) { description = sentence }
}

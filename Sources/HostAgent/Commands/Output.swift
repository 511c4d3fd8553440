import Foundation

/// The result of a command, for people or for programs.
enum Output {
    /// A line for a person, beside the result.
    static func error(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }

    /// A line of a long work's progress, seen at once where the output is a file too.
    static func line(_ text: String) {
        Swift.print(text)
        fflush(nil)
    }

    /// Prints `value` as JSON, or its description.
    static func print<Value: Encodable & CustomStringConvertible>(_ value: Value, json: Bool) throws
    {
        guard json else {
            Swift.print(value.description)
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

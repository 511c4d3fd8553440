import Foundation
import Program

/// The result of a command, for people or for programs.
enum Output {
    /// A line of a long work's progress, seen at once where the output is a file too.
    static func line(_ text: String) {
        Swift.print(text)
        fflush(nil)
    }

    /// Prints `value` as JSON, or its description.
    static func print<Value: Encodable & CustomStringConvertible>(_ value: Value, json: Bool) throws
    {
        guard json else { return try Terminal.print([value.description]) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try Terminal.print([String(decoding: encoder.encode(value), as: UTF8.self)])
    }
}

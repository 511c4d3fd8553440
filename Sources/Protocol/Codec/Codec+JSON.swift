public import SwiftProtobuf

extension Codec {
    /// A message as protobuf JSON, for people and scripts: what `--json` prints.
    ///
    /// Fields are named as in wire.proto; a field with its default value is left
    /// out, as protobuf does.
    public static func json(_ message: some Message) -> String {
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        do {
            return try message.jsonString(options: options)
        } catch {
            // Only a NaN-free, UTF-8 message ever gets here; a failure is ours.
            preconditionFailure("a message could not be written as JSON: \(error)")
        }
    }
}

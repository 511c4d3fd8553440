/// Reads the top-level fields of a protobuf message one after the other, as far
/// as they are well formed.
///
/// Used where the real decoder has already refused the bytes: the ids in front
/// of the damage still allow a reply that the client can match.
struct FieldScan {
    enum Value {
        case varint(UInt64)
        case bytes([UInt8])
        case fixed
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// The next field, or nil at the end and at the first thing that is no field.
    mutating func next() -> (number: Int, value: Value)? {
        guard let key = varint(), key >> 3 > 0, let number = Int(exactly: key >> 3) else {
            return nil
        }
        switch key & 7 {
        case 0:
            guard let value = varint() else { return nil }
            return (number, .varint(value))
        case 1:
            return skip(8) ? (number, .fixed) : nil
        case 2:
            guard let size = varint(), size <= UInt64(rest.count) else { return nil }
            let bytes = [UInt8](rest.prefix(Int(size)))
            rest = rest.dropFirst(Int(size))
            return (number, .bytes(bytes))
        case 5:
            return skip(4) ? (number, .fixed) : nil
        default:
            return nil
        }
    }

    private mutating func skip(_ count: Int) -> Bool {
        guard rest.count >= count else { return false }
        rest = rest.dropFirst(count)
        return true
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }
}

internal import Physics
internal import Protocol

/// The bounds of numbers that a peer sends: beyond this file they are trusted.
enum FieldBounds {
    /// Rows or columns of a matrix.
    static let sideMax = 1 << 20
    /// Tiles that a `map` may name.
    static let tilesMax = 65_536
    /// Of one side of a window (chosen).
    static let kernelMax = 64
    static let weightBitsMax = WeightEncoding.bitsMax
    static let cellBitsMax = 8
    static let pulsesMax = WriteVerifyParameters.pulsesMaxRange.upperBound
    /// A column of 1,024 cells of 1 mS at 2 V carries 2 A.
    static let fullScaleMax = 1e7
    static let advanceSecondsMax = 1e10
    /// A joule: a billion pulses of a thousand picojoules.
    static let energyMax = 1e12

    static func integer(_ name: String, _ value: UInt32, _ allowed: ClosedRange<Int>)
        throws(WireError) -> Int
    {
        guard allowed.contains(Int(value)) else {
            throw outOfRange(name, "\(value)", "\(allowed.lowerBound) … \(allowed.upperBound)")
        }
        return Int(value)
    }

    static func number(_ name: String, _ value: Double, _ allowed: ClosedRange<Double>)
        throws(WireError) -> Double
    {
        guard allowed.contains(value) else {
            throw outOfRange(name, "\(value)", "\(allowed.lowerBound) … \(allowed.upperBound)")
        }
        return value
    }

    /// Bytes of UTF-8 without control characters.
    static func name(_ field: String, _ value: String) throws(WireError) -> String {
        guard value.utf8.count <= Limits.nameBytes else {
            throw outOfRange(
                field, "\(value.utf8.count) bytes long", "at most \(Limits.nameBytes)")
        }
        guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            throw .field("\(field) contains a control character; allowed: printable text")
        }
        return value
    }

    /// Letters, digits, '-', '_' and '.', the last not at the beginning.
    static func fileName(_ field: String, _ value: String) throws(WireError) -> String {
        let isAllowed = value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a") ... UInt8(ascii: "z"), UInt8(ascii: "A") ... UInt8(ascii: "Z"),
                UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isAllowed, (1 ... Limits.nameBytes).contains(value.utf8.count), !value.hasPrefix(".")
        else {
            throw .field(
                "\(field) is \"\(value.prefix(Limits.nameBytes))\"; allowed: 1 … "
                    + "\(Limits.nameBytes) letters, digits, '-', '_' and '.', not '.' first")
        }
        return value
    }

    static func outOfRange(_ name: String, _ value: String, _ allowed: String) -> WireError {
        .make(
            .outOfRange, .field, retry: .afterFix, "\(name) is \(value); allowed: \(allowed)")
    }
}

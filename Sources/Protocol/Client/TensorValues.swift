public import Protocol

/// The elements of a tensor, in row-major order.
public enum TensorValues: Sendable, Hashable {
    case i8([Int8])
    case u8([UInt8])
    case i16([Int16])
    case i32([Int32])
    case f32([Float])

    public var type: WireTensor.TypeEnum {
        switch self {
        case .i8: .i8
        case .u8: .u8
        case .i16: .i16
        case .i32: .i32
        case .f32: .f32
        }
    }

    public var count: Int {
        switch self {
        case .i8(let values): values.count
        case .u8(let values): values.count
        case .i16(let values): values.count
        case .i32(let values): values.count
        case .f32(let values): values.count
        }
    }

    /// The elements as they travel.
    public var frame: Frame {
        switch self {
        case .i8(let values): Frame(elements: values)
        case .u8(let values): Frame(elements: values)
        case .i16(let values): Frame(elements: values)
        case .i32(let values): Frame(elements: values)
        case .f32(let values): Frame(elements: values)
        }
    }

    /// Nil when the bytes are no whole number of elements or the type is unknown.
    public init?(_ frame: Frame, type: WireTensor.TypeEnum) {
        switch type {
        case .i8: guard let v = frame.elements(of: Int8.self) else { return nil }; self = .i8(v)
        case .u8: guard let v = frame.elements(of: UInt8.self) else { return nil }; self = .u8(v)
        case .i16: guard let v = frame.elements(of: Int16.self) else { return nil }; self = .i16(v)
        case .i32: guard let v = frame.elements(of: Int32.self) else { return nil }; self = .i32(v)
        case .f32: guard let v = frame.elements(of: Float.self) else { return nil }; self = .f32(v)
        case .unspecified, .UNRECOGNIZED: return nil
        }
    }

    /// The elements as single-precision numbers; i32 beyond 2^24 is rounded.
    public var floats: [Float] {
        switch self {
        case .i8(let values): values.map(Float.init)
        case .u8(let values): values.map(Float.init)
        case .i16(let values): values.map(Float.init)
        case .i32(let values): values.map(Float.init)
        case .f32(let values): values
        }
    }

    /// The elements as integers; nil for f32 that are none.
    public var integers: [Int]? {
        switch self {
        case .i8(let values): return values.map(Int.init)
        case .u8(let values): return values.map(Int.init)
        case .i16(let values): return values.map(Int.init)
        case .i32(let values): return values.map(Int.init)
        case .f32(let values):
            var integers: [Int] = []
            integers.reserveCapacity(values.count)
            for value in values {
                guard let integer = Int(exactly: value) else { return nil }
                integers.append(integer)
            }
            return integers
        }
    }

    /// The elements of a rectangle of a `… × columns` matrix.
    ///
    /// - Precondition: the rectangle lies inside.
    public func rectangle(
        row: Int, column: Int, rows: Int, columns: Int, of width: Int
    ) -> TensorValues {
        func cut<Element>(_ values: [Element]) -> [Element] {
            if column == 0, columns == width {
                return [Element](values[(row * width) ..< ((row + rows) * width)])
            }
            var part: [Element] = []
            part.reserveCapacity(rows * columns)
            for r in row ..< row + rows {
                part += values[(r * width + column) ..< (r * width + column + columns)]
            }
            return part
        }
        switch self {
        case .i8(let values): return .i8(cut(values))
        case .u8(let values): return .u8(cut(values))
        case .i16(let values): return .i16(cut(values))
        case .i32(let values): return .i32(cut(values))
        case .f32(let values): return .f32(cut(values))
        }
    }
}

internal import CTorch

/// A tensor of libtorch: one reference to its own reference-counted object.
///
/// Copies of a `Tensor` share the elements, as do the results of `narrowed`,
/// `reshaped` (where possible) and `detached`. A tensor is used by one thread at
/// a time; it isn't `Sendable`, and that is the check.
public final class Tensor {
    let handle: nvt_tensor

    init(owning handle: nvt_tensor) { self.handle = handle }

    deinit { nvt_release(handle) }

    /// The element types that leave or enter Swift.
    public enum ElementType: Int32, Sendable {
        case float32 = 0, uint8 = 1, int64 = 2, int32 = 3, float64 = 4, bool = 5
    }

    /// The size of each dimension, the slowest first.
    public var shape: [Int] {
        (0 ..< nvt_rank(handle)).map { Int(nvt_size(handle, $0)) }
    }

    /// Number of elements.
    public var count: Int { Int(nvt_count(handle)) }
}

// MARK: - From Swift's values

extension Tensor {
    /// - Precondition: `values.count` is the product of `shape`.
    public static func floats(_ values: [Float], shape: [Int]) throws(TorchError) -> Tensor {
        precondition(values.count == shape.reduce(1, *))
        return try made { nvt_from_f32(values, shape.sizes, Int32(shape.count), $0) }
    }

    /// - Precondition: `values.count` is the product of `shape`.
    public static func bytes(_ values: [UInt8], shape: [Int]) throws(TorchError) -> Tensor {
        precondition(values.count == shape.reduce(1, *))
        return try made { nvt_from_u8(values, shape.sizes, Int32(shape.count), $0) }
    }

    /// - Precondition: `values.count` is the product of `shape`.
    public static func integers(_ values: [Int64], shape: [Int]) throws(TorchError) -> Tensor {
        precondition(values.count == shape.reduce(1, *))
        return try made { nvt_from_i64(values, shape.sizes, Int32(shape.count), $0) }
    }

    /// - Precondition: `values.count` is the product of `shape`.
    public static func integers(_ values: [Int32], shape: [Int]) throws(TorchError) -> Tensor {
        precondition(values.count == shape.reduce(1, *))
        return try made { nvt_from_i32(values, shape.sizes, Int32(shape.count), $0) }
    }

    /// A tensor of one value, Float32.
    public static func full(_ value: Double, shape: [Int]) throws(TorchError) -> Tensor {
        try made { nvt_full(value, shape.sizes, Int32(shape.count), $0) }
    }
}

// MARK: - To Swift's values

extension Tensor {
    /// All elements, row-major.
    public func floats() throws(TorchError) -> [Float] {
        try copied(0) { nvt_copy_f32(handle, $0, Int64(count)) }
    }

    /// All elements, row-major, cut to 0…255.
    public func bytes() throws(TorchError) -> [UInt8] {
        try copied(0) { nvt_copy_u8(handle, $0, Int64(count)) }
    }

    /// All elements, row-major.
    public func shorts() throws(TorchError) -> [Int16] {
        try copied(0) { nvt_copy_i16(handle, $0, Int64(count)) }
    }

    /// All elements, row-major.
    public func integers() throws(TorchError) -> [Int] {
        let values: [Int64] = try copied(0) { nvt_copy_i64(handle, $0, Int64(count)) }
        return values.map(Int.init)
    }

    /// The only element.
    public func scalar() throws(TorchError) -> Double {
        guard count == 1 else {
            throw TorchError(sentence: "a scalar of a tensor of shape \(shape)")
        }
        return Double(try floats()[0])
    }

    private func copied<Element>(
        _ zero: Element, _ call: (UnsafeMutablePointer<Element>?) -> nvt_failure?
    ) throws(TorchError) -> [Element] {
        var failure: nvt_failure?
        let values = [Element](unsafeUninitializedCapacity: count) { buffer, initialised in
            failure = call(buffer.baseAddress)
            if failure != nil { buffer.initialize(repeating: zero) }
            initialised = count
        }
        try check(failure)
        return values
    }
}

extension [Int] {
    /// As the shim takes shapes.
    var sizes: [Int64] { map(Int64.init) }
}

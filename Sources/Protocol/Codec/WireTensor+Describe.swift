extension WireTensor.TypeEnum {
    /// Bytes of one element; nil for a type that this version does not know.
    public var elementBytes: Int? {
        switch self {
        case .i8, .u8: 1
        case .i16: 2
        case .i32, .f32: 4
        case .unspecified, .UNRECOGNIZED: nil
        }
    }

    /// The name as sentences and tables write it.
    public var label: String {
        switch self {
        case .i8: "i8"
        case .u8: "u8"
        case .i16: "i16"
        case .i32: "i32"
        case .f32: "f32"
        case .unspecified: "unspecified"
        case .UNRECOGNIZED(let number): "\(number)"
        }
    }
}

extension WireTensor {
    public static func describe(
        _ type: TypeEnum, shape: [Int], unit: Unit
    ) -> WireTensor {
        precondition(shape.allSatisfy { $0 >= 0 && $0 <= Int(UInt32.max) })
        var tensor = WireTensor()
        tensor.type = type
        tensor.shape = shape.map(UInt32.init)
        tensor.unit = unit
        return tensor
    }

    /// The product of the dimensions; nil when it does not fit.
    public var elementCount: Int? {
        var count = 1
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: Int(dimension))
            if overflow { return nil }
            count = product
        }
        return count
    }

    /// Bytes of the frame that this descriptor stands for; nil when the type is
    /// unknown or the size does not fit.
    public var byteCount: Int? {
        guard let elements = elementCount, let bytes = type.elementBytes else { return nil }
        let (product, overflow) = elements.multipliedReportingOverflow(by: bytes)
        return overflow ? nil : product
    }

    /// "i16 [128, 64]".
    public var label: String {
        "\(type.label) [\(shape.map(String.init).joined(separator: ", "))]"
    }

    /// Why the descriptor does not fit its frame, as a sentence; nil if it does.
    /// `name` is what the sentence calls it.
    func mismatch(frameBytes: Int, name: String) -> String? {
        guard type.elementBytes != nil else {
            return "\(name).type is \(type.label); allowed are i8, u8, i16, i32, f32"
        }
        guard !shape.isEmpty, shape.count <= Limits.tensorRank else {
            return "\(name).shape has \(shape.count) dimensions; allowed are 1 to "
                + "\(Limits.tensorRank)"
        }
        guard shape.allSatisfy({ $0 > 0 }) else {
            return "\(name).shape is \(label): a dimension is 0, the least is 1"
        }
        guard unit != .unspecified else { return "\(name).unit is not given" }
        guard let expected = byteCount else {
            return "\(name).shape is \(label), which no frame can hold"
        }
        guard expected == frameBytes else {
            return "\(name) is \(label), which takes \(expected) bytes, but its frame has "
                + "\(frameBytes)"
        }
        return nil
    }
}

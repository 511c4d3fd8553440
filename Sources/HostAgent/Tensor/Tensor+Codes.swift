internal import CTorch

/// Integers that travel to a chip and back, in the order of memory: [n, h, w, c]
/// of images, row-major of vectors. No gradient passes.
extension Tensor {
    /// Codes clamp(round(self/scale), range) of the elements `elements`, as bytes;
    /// two's complement where the range is signed.
    ///
    /// - Precondition: images are channels-last, vectors contiguous.
    func codes(
        _ elements: Range<Int>, scale: Double, range: ClosedRange<Int>,
        into out: UnsafeMutablePointer<UInt8>
    ) throws(TorchError) {
        try check(
            nvt_codes(
                handle, Float(1 / scale), Float(range.lowerBound), Float(range.upperBound),
                Int64(elements.lowerBound), Int64(elements.count), out))
    }

    /// Images [n, c, h, w], channels-last, with any elements.
    static func emptyImages(_ shape: [Int]) throws(TorchError) -> Tensor {
        precondition(shape.count == 4)
        return try made { nvt_empty_images(shape.sizes, $0) }
    }

    /// The elements from number `start` become scale·codes.
    func assign(_ codes: [Int32], scale: Double, from start: Int) throws(TorchError) {
        try check(
            nvt_assign_codes(handle, codes, Float(scale), Int64(start), Int64(codes.count)))
    }
}

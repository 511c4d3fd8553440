internal import CTorch

/// A stream of random numbers from one seed: the same seed, the same numbers.
/// Each purpose (initial weights, order of images, noise) has a stream of its
/// own, so that one doesn't shift the other.
public final class RandomGenerator {
    private let handle: nvt_generator

    public init(seed: UInt64) throws(TorchError) {
        var handle: nvt_generator?
        try check(nvt_generator_create(seed, &handle))
        guard let handle else { throw TorchError(sentence: "no generator was made") }
        self.handle = handle
    }

    /// The stream of `purpose` under a user's seed. The words are mixed by
    /// FNV-1a, so that neighbouring seeds share nothing.
    public convenience init(seed: UInt64, purpose: String) throws(TorchError) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(seed)/\(purpose)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        try self.init(seed: hash)
    }

    deinit { nvt_generator_release(handle) }

    /// Standard normal numbers.
    public func normal(_ shape: [Int]) throws(TorchError) -> Tensor {
        try made { nvt_normal(handle, shape.sizes, Int32(shape.count), $0) }
    }

    public func uniform(_ range: Range<Double>, _ shape: [Int]) throws(TorchError) -> Tensor {
        try made {
            nvt_uniform(
                handle, range.lowerBound, range.upperBound, shape.sizes, Int32(shape.count), $0)
        }
    }

    /// A permutation of 0 ..< count (Int64).
    public func permutation(_ count: Int) throws(TorchError) -> Tensor {
        try made { nvt_permutation(handle, Int64(count), $0) }
    }
}

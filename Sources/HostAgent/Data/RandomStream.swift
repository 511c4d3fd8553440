internal import Glibc

/// Random numbers for images: a value whose whole state is one word, so that each image can have
/// a stream of its own and what one image draws does not move the next one's.
///
/// SplitMix64: the state grows by an odd constant, the output is its hash.
/// Source: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators".
public struct RandomStream: RandomNumberGenerator, Hashable, Sendable {
    private var state: UInt64

    /// The stream of image (or step) `index` for `purpose` under a user's seed; the words are
    /// mixed by FNV-1a.
    public init(seed: UInt64, purpose: String, index: Int = 0) {
        state = 0xcbf2_9ce4_8422_2325
        for byte in "\(seed)/\(purpose)/\(index)".utf8 {
            state = (state ^ UInt64(byte)) &* 0x100_0000_01b3
        }
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// U(low, high), 53 bits.
    public mutating func uniform(_ range: Range<Double> = 0 ..< 1) -> Double {
        let unit = Double(next() >> 11) * 0x1p-53
        return range.lowerBound + unit * (range.upperBound - range.lowerBound)
    }

    /// N(0, 1), by Box and Muller.
    public mutating func normal() -> Double {
        (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
    }

    /// Exponential with mean 1.
    public mutating func exponential() -> Double { -log(1 - uniform()) }

    /// A Poisson number, exactly distributed.
    ///
    /// Below 10 by inversion of the sum, from there on by transformed rejection.
    /// Source: Hörmann 1993, "The transformed rejection method for generating Poisson random
    /// variables", algorithm PTRS with its constants.
    /// - Precondition: 0 ≤ mean < 2³¹.
    public mutating func poisson(mean: Double) -> Int {
        precondition(mean >= 0 && mean < 0x1p31)
        return mean < 10 ? poissonByInversion(mean) : poissonByRejection(mean)
    }

    private mutating func poissonByInversion(_ mean: Double) -> Int {
        var rest = uniform()
        var probability = exp(-mean)
        var count = 0
        while rest >= probability, probability > 0 {
            rest -= probability
            count += 1
            probability *= mean / Double(count)
        }
        return count
    }

    private mutating func poissonByRejection(_ mean: Double) -> Int {
        let b = 0.931 + 2.53 * mean.squareRoot()
        let a = -0.059 + 0.02483 * b
        let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
        let squeeze = 0.9277 - 3.6224 / (b - 2)
        while true {
            let u = uniform() - 0.5
            let v = 1 - uniform()
            let distance = 0.5 - abs(u)
            let count = ((2 * a / distance + b) * u + mean + 0.43).rounded(.down)
            if distance >= 0.07, v <= squeeze { return Int(count) }
            if count < 0 || (distance < 0.013 && v > distance) { continue }
            let left = log(v * inverseAlpha / (a / (distance * distance) + b))
            if left <= count * log(mean) - mean - lgamma(count + 1) { return Int(count) }
        }
    }
}

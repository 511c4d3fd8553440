/// The symmetric uniform quantiser of k bits:
///
///     x_Q = clip(round(x / Δ), −M, M),   M = 2^(k−1) − 1        x_D = Δ·x_Q
///
/// Halves go to the even code. Two bits are ternary; after a ReLU, where no input
/// is below zero, they are {0, Δ}: the sign is not spent on anything else.
///
/// - Source: Deng, Orshansky, "Variability-aware training and self-tuning of
///   highly quantized DNNs for analog PIM", DATE 2022, §II.
public struct UniformQuantiser: Codable, Equatable, Sendable {
    public let bits: Int
    /// Δ > 0.
    public let step: Double

    public init(bits: Int, step: Double) {
        precondition(BitSetting.bitsRange.contains(bits))
        precondition(step > 0 && step.isFinite)
        self.bits = bits
        self.step = step
    }

    /// The quantiser of the least mean squared error over `values`.
    public init(bits: Int, leastSquaresOf values: [Float]) {
        self.init(
            bits: bits,
            step: LeastSquaresStep.step(of: values, codeMax: Self.codeMax(bits: bits)))
    }

    /// M.
    public static func codeMax(bits: Int) -> Int { 1 << (bits - 1) - 1 }
    public var codeMax: Int { Self.codeMax(bits: bits) }

    /// x_Q as Float32, without a gradient.
    public func codes(_ x: Tensor) throws -> Tensor {
        try noGrad {
            try x.scaled(by: 1 / step).rounded().clamped(to: -Double(codeMax) ... Double(codeMax))
        }
    }

    /// Where the straight-through estimator lets a gradient pass.
    public enum Gradient: Sendable {
        /// Only where |x| ≤ M·Δ: for activations, where a clipped one can't be
        /// moved by a small step.
        case insideRange
        /// Everywhere: for weights, which would stay clipped for ever otherwise.
        /// A quarter of a layer's ternary weights start outside the range.
        case everywhere
    }

    /// x_D, with the gradient of x (straight-through estimator).
    public func quantised(_ x: Tensor, gradient: Gradient) throws -> Tensor {
        let value = try noGrad { try codes(x).scaled(by: step) }
        switch gradient {
        case .everywhere: return try x.straightThrough(to: value)
        case .insideRange:
            let largest = Double(codeMax) * step
            return try x.clamped(to: -largest ... largest).straightThrough(to: value)
        }
    }
}

internal import Glibc

/// A learning rate that falls along half a cosine, after Loshchilov and Hutter
/// (2017) without restarts:  η(t) = η₀·(1 + cos(π·t/T))/2.
public struct CosineSchedule: Sendable {
    public let rate: Double
    public let steps: Int

    public init(rate: Double, steps: Int) {
        self.rate = rate
        self.steps = steps
    }

    public func rate(at step: Int) -> Double {
        rate * (1 + cos(.pi * Double(step) / Double(max(1, steps)))) / 2
    }
}

/// How the learning rate of a plan goes on after the warm-up.
public enum RateShape: String, CaseIterable, Codable, Sendable {
    /// Along half a cosine to 0.
    case cosine
    /// A tenth of the peak after half of the steps, a hundredth after three quarters.
    case step
    /// Along a straight line to 0.
    case linear
}

/// The learning rate of each step: a straight line from η₀/W to η₀ in the first W
/// steps, then the shape over the T − W that are left.
public struct Schedule: Sendable {
    public let shape: RateShape
    /// η₀.
    public let rate: Double
    /// W.
    public let warmUpSteps: Int
    /// T.
    public let steps: Int

    public init(_ shape: RateShape, rate: Double, warmUpSteps: Int, steps: Int) {
        precondition(warmUpSteps >= 0)
        self.shape = shape
        self.rate = rate
        self.warmUpSteps = warmUpSteps
        self.steps = steps
    }

    public func rate(at step: Int) -> Double {
        if step < warmUpSteps { return rate * Double(step + 1) / Double(warmUpSteps) }
        let (done, all) = (step - warmUpSteps, max(1, steps - warmUpSteps))
        switch shape {
        case .cosine: return CosineSchedule(rate: rate, steps: all).rate(at: done)
        case .step: return rate * (4 * done >= 3 * all ? 0.01 : 2 * done >= all ? 0.1 : 1)
        case .linear: return rate * (1 - Double(done) / Double(all))
        }
    }
}

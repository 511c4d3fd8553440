internal import Glibc

/// The rule that turns gradients into steps.
public enum OptimiserKind: Equatable, Sendable {
    /// v ← μ·v + g;  w ← w − η·v.
    case momentum(Double)
    /// m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  w ← w − η·m̂/(√v̂ + ε), with
    /// β₁ = 0.9, β₂ = 0.999, ε = 1e-8 (Kingma and Ba, 2015).
    case adam
}

/// An optimiser with the state of each parameter.
public final class Optimiser {
    private let kind: OptimiserKind
    private let parameters: [Tensor]
    private let first: [Tensor]
    private let second: [Tensor]
    private var step = 0

    public init(_ kind: OptimiserKind, parameters: [Tensor]) throws {
        self.kind = kind
        self.parameters = parameters
        first = try parameters.map { try Tensor.full(0, shape: $0.shape) }
        second = kind == .adam ? try parameters.map { try Tensor.full(0, shape: $0.shape) } : []
    }

    /// Takes one step by the gradients gathered, and clears them.
    public func update(rate: Double) throws {
        step += 1
        for (index, parameter) in parameters.enumerated() {
            guard let gradient = try parameter.gradient() else { continue }
            switch kind {
            case .momentum(let momentum):
                try first[index].scale(by: momentum)
                try first[index].add(gradient)
                try parameter.add(first[index], times: -rate)
            case .adam:
                let (beta1, beta2) = (0.9, 0.999)
                try first[index].scale(by: beta1)
                try first[index].add(gradient, times: 1 - beta1)
                try second[index].scale(by: beta2)
                try second[index].addProduct(gradient, gradient, times: 1 - beta2)
                let correction = 1 / (1 - pow(beta2, Double(step))).squareRoot()
                let denominator = try second[index].squareRoot().scaled(
                    by: correction, offset: 1e-8)
                try parameter.addQuotient(
                    first[index], denominator, times: -rate / (1 - pow(beta1, Double(step))))
            }
            try parameter.clearGradient()
        }
    }
}

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

internal import Glibc

/// The rule that turns gradients into steps.
public enum OptimiserKind: Equatable, Sendable, Codable {
    /// v ← μ·v + g;  w ← w − η·v,  or with Nesterov's look ahead  w ← w − η·(g + μ·v).
    case momentum(Double, isNesterov: Bool = false)
    /// m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  w ← w − η·m̂/(√v̂ + ε), with
    /// β₁ = 0.9, β₂ = 0.999, ε = 1e-8 (Kingma and Ba, 2015).
    case adam
}

/// An optimiser with the state of each parameter.
///
/// Weight decay λ is part of the gradient, g = ∂L/∂w + λ·w, as in PyTorch.
public final class Optimiser {
    private let kind: OptimiserKind
    private let parameters: [Tensor]
    private let decays: [Double]
    private let first: [Tensor]
    private let second: [Tensor]
    /// Steps taken.
    public internal(set) var step = 0

    /// - Parameter decays: λ of each parameter; none: 0 for all.
    public init(_ kind: OptimiserKind, parameters: [Tensor], decays: [Double] = []) throws {
        precondition(decays.isEmpty || decays.count == parameters.count)
        self.kind = kind
        self.parameters = parameters
        self.decays = decays.isEmpty ? parameters.map { _ in 0 } : decays
        first = try parameters.map { try $0.scaled(by: 0).detached() }
        second = kind == .adam ? try parameters.map { try $0.scaled(by: 0).detached() } : []
    }

    /// All that the next steps depend on but `step`: the averages of the
    /// gradients, then Adam's of their squares, in the order of the parameters.
    public var state: [Tensor] { first + second }

    /// Takes one step by the gradients gathered, and clears them.
    public func update(rate: Double) throws {
        step += 1
        for (index, parameter) in parameters.enumerated() {
            guard let gradient = try parameter.gradient() else { continue }
            if decays[index] > 0 { try gradient.add(parameter, times: decays[index]) }
            switch kind {
            case .momentum(let momentum, let isNesterov):
                try first[index].scale(by: momentum)
                try first[index].add(gradient)
                if isNesterov {
                    try parameter.add(gradient, times: -rate)
                    try parameter.add(first[index], times: -rate * momentum)
                } else {
                    try parameter.add(first[index], times: -rate)
                }
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

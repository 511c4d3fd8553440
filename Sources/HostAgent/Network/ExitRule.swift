/// Where images leave a network of several exits.
public enum ExitRule: Codable, Equatable, Sendable {
    /// All at one exit, the shallowest 0.
    case at(exit: Int)
    /// Each at the first exit whose prediction has an entropy below this (nats), else
    /// at the last.
    case below(entropy: Double)

    /// Whether a network has such exits.
    func fits(_ network: Network) -> Bool {
        switch self {
        case .at(let exit): (0 ..< network.exitCount).contains(exit)
        case .below(let entropy): entropy >= 0 && network.exitCount > 1
        }
    }

    /// "exit 2 of 3", "entropy below 0.5".
    public func text(exits: Int) -> String {
        switch self {
        case .at(let exit): "exit \(exit + 1) of \(exits)"
        case .below(let entropy): "the first exit with an entropy below \(entropy)"
        }
    }
}

extension Network {
    /// Where each image leaves by the rule, and what for.
    public func departures(
        _ images: Tensor, by rule: ExitRule, with products: any MatrixProducts
    ) throws -> [Departure] {
        switch rule {
        case .below(let entropy):
            return try departures(images, threshold: entropy, with: products)
        case .at(let exit):
            return try scores(images, atExit: exit, with: products)
                .indexOfMaximum(dimension: 1).integers().map {
                    Departure(exit: exit, predicted: $0)
                }
        }
    }
}

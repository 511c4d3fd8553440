/// Some of a network's weights: those that a deployment writes with care.
public struct WeightSelection: Equatable, Sendable {
    /// What weights are chosen by.
    public enum Order {
        /// What the loss gains where a weight is off by one code, ½·h_w·s_w²: all weights
        /// of a chip deviate by as many codes, whatever their value. Of equal ones the
        /// larger weight first.
        ///
        /// - Source: Yan, Hu, Shi, "SWIM", DAC 2022.
        case secondDerivative(images: ImageSet)
        /// The largest codes.
        case magnitude
        /// As the seed falls.
        case random(seed: UInt64)
    }

    /// 1 for each chosen weight of a layer, by its name: rows × columns.
    public let masks: [String: [UInt8]]

    /// The first `share` of all weights, rounded, in an order over all layers.
    ///
    /// - Parameters:
    ///   - layers: of the network; the weights of others aren't counted.
    ///   - share: 0 … 1.
    public init(
        _ order: Order, share: Double, of network: Network, layers: [MatrixLayer],
        scales: QuantisationScales
    ) throws {
        precondition((0 ... 1).contains(share))
        let codes = try layers.map {
            try WeightQuantisation.codes(of: $0, scale: scales.scales(of: $0).weight)
        }
        let ranks = try Self.ranks(order, network, layers, codes, scales)
        let starts = codes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.values.count) }
        let magnitudes = codes.flatMap { $0.values.map(\.magnitude) }
        let total = magnitudes.count
        let chosen = (0 ..< total).sorted {
            (-ranks[$0], -Int(magnitudes[$0]), $0) < (-ranks[$1], -Int(magnitudes[$1]), $1)
        }.prefix(Int((share * Double(total)).rounded()))
        var all = [UInt8](repeating: 0, count: total)
        for weight in chosen { all[weight] = 1 }
        masks = Dictionary(
            uniqueKeysWithValues: layers.enumerated().map { number, layer in
                (layer.name, Array(all[starts[number] ..< starts[number + 1]]))
            })
    }

    /// Of each weight, rows × columns, layer after layer; the largest comes first.
    private static func ranks(
        _ order: Order, _ network: Network, _ layers: [MatrixLayer], _ codes: [WeightCodes],
        _ scales: QuantisationScales
    ) throws -> [Float] {
        switch order {
        case .magnitude: return codes.flatMap { $0.values.map { Float($0.magnitude) } }
        case .random(let seed):
            var random = RandomStream(seed: seed, purpose: "selection of weights")
            return codes.flatMap {
                $0.values.map { _ in Float.random(in: 0 ..< 1, using: &random) }
            }
        case .secondDerivative(let images):
            let derivatives = try SecondDerivatives.diagonal(of: network, on: images)
            return try layers.flatMap { layer -> [Float] in
                let step = Float(try scales.scales(of: layer).weight)
                guard let diagonal = derivatives[layer.name] else {
                    preconditionFailure("derivatives of every layer")
                }
                let (rows, columns) = (layer.rows, layer.columns)
                return (0 ..< rows * columns).map {
                    step * step * diagonal[$0 % columns * rows + $0 / columns]
                }
            }
        }
    }

    /// 1 for each weight of a layer that isn't chosen.
    func others(in layer: String) -> [UInt8]? { masks[layer]?.map { 1 - $0 } }
}

extension Mapper {
    /// Lets the share of the weights that the loss depends on most be write-verified, and
    /// the others be written open loop (SWIM).
    ///
    /// - Parameter images: training images, for the second derivatives; labels don't enter.
    public mutating func verify(_ share: Double, derivativesFrom images: ImageSet) throws {
        verified = try WeightSelection(
            .secondDerivative(images: images), share: share, of: network, layers: layers,
            scales: scales)
    }
}

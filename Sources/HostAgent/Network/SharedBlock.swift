/// A tiny block of 1 × 1 convolutions without bias, one behind the other, which stands
/// at several places of a network with the same weights.
///
///     y_g = W_L · … · W_1 · x_g      for each group g of K channels and each pixel
///
/// Features of C channels are cut into ⌈C/K⌉ groups, the last filled up with zeros;
/// what the block makes of the filling is dropped behind its last layer. Without an
/// activation between the layers, so that the identity W_l = 1 of the start leaves the
/// network as it was.
///
/// - Source: the tiny-shared-block study (2024). That nothing stands between several
///   layers is chosen.
public struct SharedBlock {
    /// As a model's name and the command line give it.
    public struct Shape: Codable, Equatable, Sendable {
        /// K.
        public var channels: Int
        /// L.
        public var layers: Int
        /// Places of the network that have it, from the first on; `nil`: all.
        public var insertions: Int?

        public init(channels: Int, layers: Int = 1, insertions: Int? = nil) {
            self.channels = channels
            self.layers = layers
            self.insertions = insertions
        }

        /// Of the model's name; the defaults left out.
        var canonical: String {
            "-b\(channels)" + (layers == 1 ? "" : "-l\(layers)")
                + (insertions.map { "-i\($0)" } ?? "")
        }
    }

    public static let channelsAllowed = 5 ... 512
    public static let layersAllowed = 1 ... 4

    /// W_1 … W_L, [K, K] each.
    private let weights: [Tensor]

    init(_ shape: Shape) throws {
        precondition(Self.channelsAllowed.contains(shape.channels))
        precondition(Self.layersAllowed.contains(shape.layers))
        let count = shape.channels
        let identity = (0 ..< count * count).map { Float($0 % (count + 1) == 0 ? 1 : 0) }
        weights = try (0 ..< shape.layers).map { _ in
            try .floats(identity, shape: [count, count])
        }
    }

    /// The block at the place behind the convolution `name`.
    func insertion(behind name: String) -> SharedBlockInsertion {
        SharedBlockInsertion(
            parts: weights.enumerated().map { index, weight in
                MatrixLayer(
                    "\(name).block.\(index)", sharing: weight, named: "block.\(index)")
            })
    }
}

/// One place of a shared block: [n, c, h, w] → [n, c, h, w].
///
/// Each part is a linear layer of the vectors of a group's channels, [n·h·w·⌈c/K⌉, K]:
/// what a 1 × 1 convolution is. Its name is the place's own, since its inputs are, and
/// where each place has tiles of its own also its matrix on a chip; its weight is
/// everyone's.
public struct SharedBlockInsertion: Layer {
    let parts: [MatrixLayer]

    public var children: [any Layer] { parts }

    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        let (shape, width) = (input.shape, parts[0].rows)
        let channels = (shape[1] + width - 1) / width * width
        let filled =
            channels == shape[1]
            ? input : try input.paddedChannels(before: 0, behind: channels - shape[1])
        let vectors = try filled.channelsLast().permuted([0, 2, 3, 1]).reshaped([-1, width])
        let mixed = try parts.reduce(vectors) { try $1.forward($0, with: products) }
            .reshaped([shape[0], shape[2], shape[3], channels]).permuted([0, 3, 1, 2])
        return channels == shape[1]
            ? mixed : try mixed.narrowed(0 ..< shape[1], dimension: 1)
    }
}

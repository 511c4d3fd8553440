/// The normalisation of images, x' = (x − m)/s for each channel, that published networks
/// were trained on.
///
/// A first convolution W takes it over exactly, for its padding by zeros of x' is a
/// padding of x by m, which `MeanFrame` is:
///
///     W·x' = W'·x − d     W'[o, c, i, j] = W[o, c, i, j]/s_c     d_o = Σ_{c, i, j} W'[o, c, i, j]·m_c
///
/// at every place, the edge included. d is taken off the convolution's bias, or where it
/// has none added to the running mean of each batch norm that sees its result.
public struct InputNormalisation: Codable, Equatable, Sendable {
    /// m, in 0 … 1.
    public let mean: [Double]
    /// s, above 0.
    public let deviation: [Double]

    /// - Precondition: three channels each, within their ranges.
    public init(mean: [Double], deviation: [Double]) {
        precondition(mean.count == 3 && deviation.count == 3)
        precondition(mean.allSatisfy { (0 ... 1).contains($0) })
        precondition(deviation.allSatisfy { $0 > 0 && $0.isFinite })
        self.mean = mean
        self.deviation = deviation
    }

    /// The statistics of a data set's training images, as they are usually written.
    public static let named: [String: InputNormalisation] = [
        "cifar10": InputNormalisation(
            mean: [0.4914, 0.4822, 0.4465], deviation: [0.2470, 0.2435, 0.2616]),
        "cifar100": InputNormalisation(
            mean: [0.5071, 0.4865, 0.4409], deviation: [0.2673, 0.2564, 0.2762]),
        "imagenet": InputNormalisation(
            mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225]),
    ]

    /// One of `named`, or six numbers "m,m,m,s,s,s"; `nil` where the text is neither.
    public init?(_ text: String) {
        if let known = Self.named[text] {
            self = known
            return
        }
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map {
            Double($0) ?? .nan
        }
        guard numbers.count == 6, numbers[..<3].allSatisfy({ (0 ... 1).contains($0) }),
            numbers[3...].allSatisfy({ $0 > 0 && $0 <= 1 })
        else { return nil }
        self.init(mean: Array(numbers[..<3]), deviation: Array(numbers[3...]))
    }

    /// Makes a network of normalised images one of images 0 … 1.
    ///
    /// - Throws: `NetworkError.cannotFold` where no frame stands in front of the first
    ///   convolution: its own padding is black.
    public func fold(into network: Network) throws {
        let layers = network.layers
        guard let frame = network.frame, layers.count > 1, let first = layers[1] as? MatrixLayer,
            first.weight.shape[1] == mean.count
        else { throw NetworkError.cannotFold(network: network.name) }
        try frame.take(mean.map { Float($0) })
        let inverse = try Tensor.floats(
            deviation.map { Float(1 / $0) }, shape: [1, mean.count, 1, 1])
        try first.weight.assign(first.weight.multiplied(by: inverse))
        let shift = try offset(of: first)
        if let bias = first.bias {
            try bias.add(shift, times: -1)
        } else {
            for norm in Self.norms(behind: layers[2...]) {
                try norm.runningMean.narrowed(0 ..< first.columns).add(shift)
            }
        }
    }

    /// d.
    private func offset(of layer: MatrixLayer) throws -> Tensor {
        let area = layer.kind.kernel * layer.kind.kernel
        let means = mean.flatMap { [Float](repeating: Float($0), count: area) }
        return try layer.weight.contiguous().reshaped([layer.columns, layer.rows])
            .matrixProduct(.floats(means, shape: [layer.rows, 1])).reshaped([layer.columns])
    }

    /// The batch norms that see the first channels of what enters the layers: those of
    /// dense layers, which pass them on, and the first that doesn't.
    private static func norms(behind layers: ArraySlice<any Layer>) -> [BatchNorm] {
        var norms: [BatchNorm] = []
        for layer in layers {
            if let norm = layer as? BatchNorm { return norms + [norm] }
            guard let dense = layer as? DenseLayer else { break }
            norms += dense.children.compactMap { $0 as? BatchNorm }
        }
        preconditionFailure("a first convolution without bias has a batch norm behind it")
    }
}

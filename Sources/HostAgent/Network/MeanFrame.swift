/// Frames images with the mean colour of the training images, instead of the
/// first convolution's padding: the input normalisation of a network whose first
/// convolution has no bias and is followed by a batch norm.
///
/// Such a network doesn't see a mean taken off all pixels, nor a common factor:
///
///     BN(W·((x − m)/s)) = BN(W·x)
///
/// but for ε and the edge, where the padding of the normalised image is the
/// colour m (of published networks see `InputNormalisation`). With m as the frame, images stay 0 … 1, whose 8-bit codes are the
/// pixels themselves and which a chip takes without a sign.
public struct MeanFrame: Layer {
    public let padding: Int
    private let colour: Tensor

    /// - Parameter colour: m, one value in 0 … 1 for each channel.
    public init(colour: [Double], padding: Int) throws {
        self.padding = padding
        self.colour = try .floats(colour.map { Float($0) }, shape: [colour.count])
    }

    /// m.
    var values: [Float] {
        get throws { try colour.floats() }
    }

    /// Becomes a frame of another colour.
    ///
    /// - Precondition: `values` has one for each channel.
    func take(_ values: [Float]) throws {
        try colour.assign(.floats(values, shape: colour.shape))
    }

    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        padding == 0 ? input : try input.framed(by: padding, colour: colour)
    }

    /// The mean of each channel of CIFAR-10's training images.
    public static let cifar10Mean = [0.49140, 0.48216, 0.44653]
}

/// What a stream of products has in common.
public struct ProductRequest: Equatable, Sendable {
    /// Batches.
    public var count: Int
    /// The inputs are images, which the chip unrolls.
    public var window: InputWindow?
    /// Errors enter on the columns and leave on the rows.
    public var isTransposed = false
    /// The ADC's for this stream, in µA; `nil`: the matrix's.
    public var fullScale: Double?
    /// The sums of the LTM columns come too.
    public var withLTM = false
    /// Products of ideal converters come with what they have below a unit: for those
    /// that are corrected afterwards. Else they are rounded to whole numbers.
    public var keepsFractions = false

    public init(
        count: Int, window: InputWindow? = nil, isTransposed: Bool = false,
        fullScale: Double? = nil, withLTM: Bool = false, keepsFractions: Bool = false
    ) {
        self.withLTM = withLTM
        self.keepsFractions = keepsFractions
        self.count = count
        self.window = window
        self.isTransposed = isTransposed
        self.fullScale = fullScale
    }
}

/// The kernel of a convolution as the chip's input buffer slides it.
public struct InputWindow: Equatable, Sendable {
    public var kernel: Int
    public var stride: Int
    public var padding: Int

    public init(kernel: Int, stride: Int, padding: Int) {
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
    }
}

/// Input codes, row-major: [vectors, rows], or images [n, height, width, channels].
public struct InputCodes: Equatable, Sendable {
    public let shape: [Int]
    /// In two's complement where signed.
    public let values: [UInt8]
    public let isSigned: Bool

    public init(shape: [Int], values: [UInt8], isSigned: Bool = false) {
        precondition(values.count == shape.reduce(1, *))
        self.shape = shape
        self.values = values
        self.isSigned = isSigned
    }
}

/// Accumulated output codes, vectors × columns, row-major:
/// Σ_i c_i·q_ij ≈ lsb·code_j. A chip with ideal converters has the lsb 1, or a
/// small power of two where fractions are kept.
public struct OutputCodes: Equatable, Sendable {
    public let vectors: Int
    public let columns: Int
    public let values: [Int32]
    public let lsb: Double
    public let conversions: UInt64
    /// Conversions at the end of the ADC's range.
    public let clipped: UInt64
    /// r, the product that the digital reference took from each output for a unit of
    /// its vector's sum; 0 with differential mapping.
    public let referencePerInput: Double
    /// Sums of the LTM columns on the scale of the products: [vectors, column blocks,
    /// polarities, LTM columns], row-major; empty where none were asked for.
    public let ltm: [Float]

    public init(
        vectors: Int, columns: Int, values: [Int32], lsb: Double, conversions: UInt64,
        clipped: UInt64, referencePerInput: Double = 0, ltm: [Float] = []
    ) {
        precondition(values.count == vectors * columns)
        self.referencePerInput = referencePerInput
        self.ltm = ltm
        self.vectors = vectors
        self.columns = columns
        self.values = values
        self.lsb = lsb
        self.conversions = conversions
        self.clipped = clipped
    }
}

extension ChipSession {
    /// The products of one batch.
    public func multiply(
        _ matrix: ChipMatrix, _ codes: InputCodes, window: InputWindow? = nil
    ) throws -> OutputCodes {
        var products: OutputCodes?
        try multiply(matrix, ProductRequest(count: 1, window: window)) { _ in
            codes
        } outputs: {
            products = $1
        }
        guard let products else { throw ChipSessionError.badReply("no products of one batch") }
        return products
    }
}

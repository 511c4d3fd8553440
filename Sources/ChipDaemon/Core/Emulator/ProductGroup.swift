import Physics

/// One image in the sum of one output block.
struct ProductPass: Sendable {
    var number: Int
    var inputBlock: Int
    var image: TileImage
    /// Sign of the polarity times L^s.
    var weight: Int32
    /// A fault of the converters behind the columns. Of a pair that is subtracted before it is
    /// converted, those of the positive tile are in use.
    var adcOffsetLSB: Double
    /// LTM columns hang on lines that the data's passes drive.
    var drivesLines = true
}

/// Passes of one input block whose images one matrix product serves.
struct ProductGroup: Sendable {
    var inputBlock: Int
    var passes: [ProductPass]
    /// Of all passes, side by side.
    var image: ProductImage

    /// One of the passes.
    struct Part {
        var index: Int
        var count: Int
    }

    /// Slices and polarities of an input block together where their images can be joined; in
    /// wires each alone.
    static func groups(of passes: [ProductPass], transposed: Bool) -> [ProductGroup] {
        var groups: [ProductGroup] = []
        var rest = passes[...]
        while let first = rest.first {
            let block = rest.prefix { $0.inputBlock == first.inputBlock }
            rest = rest.dropFirst(block.count)
            let images = block.map(\.image.image)
            if images.count > 1, let joined = ProductImage(joining: images, transposed: transposed)
            {
                groups.append(
                    ProductGroup(
                        inputBlock: first.inputBlock, passes: Array(block), image: joined))
            } else {
                groups += block.map {
                    ProductGroup(inputBlock: $0.inputBlock, passes: [$0], image: $0.image.image)
                }
            }
        }
        return groups
    }
}

extension [ProductGroup] {
    var passCount: Int { reduce(0) { $0 + $1.passes.count } }
}

/// What the parts of a product add up beside the outputs.
struct PassSums: Sendable {
    var clipped = 0
    var conversions = 0
    /// Lines with a voltage above 0, over vectors, phases, bits and tiles.
    var drivenLines = 0
    /// Σ V²·g over vectors, phases and cells, V²·µS: the power of the cell currents.
    var currentSquares = 0.0

    static func + (lhs: PassSums, rhs: PassSums) -> PassSums {
        PassSums(
            clipped: lhs.clipped + rhs.clipped, conversions: lhs.conversions + rhs.conversions,
            drivenLines: lhs.drivenLines + rhs.drivenLines,
            currentSquares: lhs.currentSquares + rhs.currentSquares)
    }
}

/// Where the draws of a product's applications lie in its event: those of one application
/// together, a block of four draws never shared.
struct DrawNumbers: Sendable {
    var base: UInt64 = 0
    /// Draws of one application.
    var stride: UInt64

    /// - Parameter outputs: of the widest application.
    init(base: UInt64 = 0, batch: Int, outputs: Int) {
        self.base = base
        stride = UInt64((batch * outputs + 3) / 4 * 4)
    }

    func first(pass: Int, phase: Int, bit: Int) -> UInt64 {
        base + UInt64((pass * 2 + phase) * 16 + bit) * stride
    }
}

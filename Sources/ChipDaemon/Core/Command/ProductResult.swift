/// What a product gives.
public struct ProductResult: Sendable {
    public enum Values: Sendable {
        /// y = lsb·code.
        case codes([Int32], lsb: Double)
        case products([Float])
    }
    public var values: Values
    /// Batch × outputs.
    public var shape: [Int]
    /// Of the data columns, as `clipped`.
    public var conversions = 0
    public var clipped = 0
    /// What the digital periphery subtracted from each output for a unit of ΣX; 0 with
    /// differential mapping.
    public var referencePerInput = 0.0
    public var ltm: LTMSums?

    public init(_ values: Values, shape: [Int]) {
        self.values = values
        self.shape = shape
    }
}

/// The sums of the LTM columns of a product, on the scale of its outputs: bit slices and row tiles
/// added up as those of the data columns are, nothing subtracted.
///
/// - Shape: batch × column blocks × polarities × LTM columns.
public struct LTMSums: Sendable {
    public var products: [Float]
    public var shape: [Int]
    public var clipped: Int

    public init(products: [Float], shape: [Int], clipped: Int) {
        self.products = products
        self.shape = shape
        self.clipped = clipped
    }
}

/// The sum of the GTM's cells with every line at V_read, mean of the reads, and what it would be
/// if all of them held what they were written to.
public struct ReferenceSum: Sendable {
    public var microamperes: Double
    public var nominalMicroamperes: Double
    public var cells: Int
    public var repeats: Int
    public var conversions: Int
    public var clipped: Int

    public init(
        microamperes: Double, nominalMicroamperes: Double, cells: Int, repeats: Int,
        conversions: Int, clipped: Int
    ) {
        self.microamperes = microamperes
        self.nominalMicroamperes = nominalMicroamperes
        self.cells = cells
        self.repeats = repeats
        self.conversions = conversions
        self.clipped = clipped
    }
}

/// What writing a reference did.
public struct ReferenceReport: Sendable {
    public var cells: Int
    public var notAttempted: Int
    /// Cells whose life ended in this command.
    public var newlyStuck: Int
    public var microsiemens: Double

    public init(cells: Int, notAttempted: Int, newlyStuck: Int, microsiemens: Double) {
        self.cells = cells
        self.notAttempted = notAttempted
        self.newlyStuck = newlyStuck
        self.microsiemens = microsiemens
    }
}

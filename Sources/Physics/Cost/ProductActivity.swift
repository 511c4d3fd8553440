/// What a product does, counted: the arguments of its cost.
///
/// Input lines are driven, output lines are read: word lines and columns, or, where the product is
/// transposed, the other way.
public struct ProductActivity: Sendable, Hashable {
    /// Vectors × phases × bits applied one after the other.
    public var steps: Int
    /// Tiles that take part in a step.
    public var tiles: Int
    public var inputLinesPerTile: Int
    public var outputLinesPerTile: Int
    /// Lines with a voltage above 0, over all steps and tiles: the input codes decide.
    public var drivenLines: Int
    /// Conversions of all steps.
    public var conversions: Int
    /// `nil`: ideal converters.
    public var adcBits: Int?
    /// Input and output bytes.
    public var bytes: Int
    /// Σ V²·g over steps and cells, V²·µS.
    public var currentSquares: Double

    public init(
        steps: Int, tiles: Int, inputLinesPerTile: Int, outputLinesPerTile: Int, drivenLines: Int,
        conversions: Int, adcBits: Int?, bytes: Int, currentSquares: Double
    ) {
        precondition(drivenLines <= steps * tiles * inputLinesPerTile)
        self.steps = steps
        self.tiles = tiles
        self.inputLinesPerTile = inputLinesPerTile
        self.outputLinesPerTile = outputLinesPerTile
        self.drivenLines = drivenLines
        self.conversions = conversions
        self.adcBits = adcBits
        self.bytes = bytes
        self.currentSquares = currentSquares
    }
}

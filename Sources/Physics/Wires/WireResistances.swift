/// The resistances around the cells of a tile.
///
/// | part       | where                                             |
/// |------------|---------------------------------------------------|
/// | driver     | from a source to the first node of a word line    |
/// | row wire   | between neighbouring cells along a word line      |
/// | column wire| between neighbouring cells along a bit line       |
/// | sense      | from the last node of a bit line to ground        |
///
/// - Units: Ω. Zero is exact, in each part by itself; all zero is the ideal tile.
/// - Validity: 0 … 10⁶ Ω at the ends, 0 … 10⁴ Ω between cells (chosen; published values are about
///   1 kΩ and 0.1 … 50 Ω), and the wires of a tile are not longer than `lengthMax`.
/// - Errors: `PhysicsError`, which names the part.
/// - Source: firmware-specs/device.md; defaults of bhattacharjee2023bn.
public struct WireResistances: Sendable, Hashable {
    public let driverOhm: Double
    public let rowWireOhm: Double
    public let columnWireOhm: Double
    public let senseOhm: Double

    public static let endRange = NumberRange.from(0, to: 1e6)
    public static let wireRange = NumberRange.from(0, to: 1e4)
    /// Longest wire in units of its decay length, chosen: a voltage loses six powers of ten
    /// along it. 128 cells of 20 µS reach it at 440 Ω a segment.
    public static let lengthMax = 12.0

    public init(driverOhm: Double, rowWireOhm: Double, columnWireOhm: Double, senseOhm: Double)
        throws(PhysicsError)
    {
        try require("driver resistance in Ω", driverOhm, in: Self.endRange)
        try require("row wire resistance in Ω", rowWireOhm, in: Self.wireRange)
        try require("column wire resistance in Ω", columnWireOhm, in: Self.wireRange)
        try require("sense resistance in Ω", senseOhm, in: Self.endRange)
        self.init(unchecked: driverOhm, rowWireOhm, columnWireOhm, senseOhm)
    }

    private init(unchecked driver: Double, _ row: Double, _ column: Double, _ sense: Double) {
        driverOhm = driver
        rowWireOhm = row
        columnWireOhm = column
        senseOhm = sense
    }

    public static let ideal = WireResistances(unchecked: 0, 0, 0, 0)
    public static let published = WireResistances(unchecked: 1000, 5, 10, 1000)

    /// Refuses wires that are too long for a tile of cells that reach `on`.
    ///
    ///     columns·√(R_row·G_on) ≤ 12,   rows·√(R_column·G_on) ≤ 12     
    public func checkLength(rows: Int, columns: Int, on: Conductance) throws(PhysicsError) {
        func length(_ cells: Int, _ ohm: Double) -> Double {
            Double(cells) * (ohm * on.siemens).squareRoot()
        }
        let allowed = NumberRange.from(0, to: Self.lengthMax)
        try require(
            "length of a row, columns·√(R_row·G_on)", length(columns, rowWireOhm), in: allowed)
        try require(
            "length of a column, rows·√(R_column·G_on)", length(rows, columnWireOhm), in: allowed)
    }
}

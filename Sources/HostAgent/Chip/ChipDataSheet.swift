/// What a host knows of a chip: the maker's figures, never the chip's own
/// deviations.
public struct ChipDataSheet: Equatable, Sendable {
    public var serial: UInt32
    /// Name of the chip's spec.
    public var spec: String
    public var technology: String
    /// Of a tile.
    public var rows: Int
    /// Of a tile.
    public var columns: Int
    public var bitsPerCell: Int
    /// G_on, µS.
    public var onConductance: Double
    /// G_off, µS.
    public var offConductance: Double
    /// V_read, V.
    public var readVoltage: Double
    /// b_in.
    public var dacBits: Int
    /// b_out; 0: ideal.
    public var adcBits: Int
    /// σ(g)/g of one read.
    public var readNoiseRelative: Double
    /// Constant part of σ(g), µS.
    public var readNoiseConstant: Double
    /// Open loop, relative to G_on.
    public var programmingSpread: Double
    /// Write-verify's band, relative to G_on.
    public var verifyTolerance: Double
    /// Vectors of a multiply.
    public var batchMax: Int
    /// Bytes of a frame, and of a whole reply.
    public var frameBytesMax: Int
    /// Whether `multiply` unrolls images itself.
    public var canUnroll: Bool
    /// Where the session's matrices go; all of the above is of this bank.
    public var bank: String
    /// Exact products, without converters.
    public var isDigital: Bool
    /// Of the bank.
    public var tiles: Int
    /// LTM columns of each tile.
    public var ltmColumns: Int
    /// Cells of the chip's GTM; 0: it has none.
    public var gtmCells: Int
    /// G_on of these cells, µS.
    public var gtmOnConductance: Double

    public init(
        serial: UInt32, spec: String, technology: String, rows: Int, columns: Int, bitsPerCell: Int,
        onConductance: Double, offConductance: Double, readVoltage: Double, dacBits: Int,
        adcBits: Int,
        readNoiseRelative: Double, readNoiseConstant: Double, programmingSpread: Double,
        verifyTolerance: Double, batchMax: Int, frameBytesMax: Int,
        canUnroll: Bool = false, bank: String = "nvm", isDigital: Bool = false, tiles: Int,
        ltmColumns: Int = 0, gtmCells: Int = 0, gtmOnConductance: Double = 0
    ) {
        self.canUnroll = canUnroll
        self.bank = bank
        self.isDigital = isDigital
        self.tiles = tiles
        self.ltmColumns = ltmColumns
        self.gtmCells = gtmCells
        self.gtmOnConductance = gtmOnConductance
        self.serial = serial
        self.spec = spec
        self.technology = technology
        self.rows = rows
        self.columns = columns
        self.bitsPerCell = bitsPerCell
        self.onConductance = onConductance
        self.offConductance = offConductance
        self.readVoltage = readVoltage
        self.dacBits = dacBits
        self.adcBits = adcBits
        self.readNoiseRelative = readNoiseRelative
        self.readNoiseConstant = readNoiseConstant
        self.programmingSpread = programmingSpread
        self.verifyTolerance = verifyTolerance
        self.batchMax = batchMax
        self.frameBytesMax = frameBytesMax
    }

    /// L, levels of a cell.
    public var levels: Int { 1 << bitsPerCell }

    /// Whether products come as codes of converters, with their step.
    public var hasCodes: Bool { adcBits > 0 || isDigital }

    /// Tiles of a matrix: row blocks × column blocks × slices × polarities.
    public func tiles(
        rows: Int, columns: Int, weightBits: Int, mapping: WeightMapping
    ) -> Int {
        func blocks(_ side: Int, _ size: Int) -> Int { (side + size - 1) / size }
        return blocks(rows, self.rows) * blocks(columns, self.columns)
            * blocks(weightBits, bitsPerCell) * mapping.polarities
    }

    /// LTM sums that a product of one vector brings: column blocks × polarities ×
    /// LTM columns.
    public func ltmSums(columns: Int, mapping: WeightMapping) -> Int {
        (columns + self.columns - 1) / self.columns * mapping.polarities * ltmColumns
    }

    /// Units of `vectors` vectors, `bytesIn` in and `bytesOut` out each, that one
    /// request may carry: within the batch limit, and neither the request's frame
    /// nor the reply above the limit of bytes (4 KiB are left for the header).
    public func unitsMax(vectors: Int, bytesIn: Int, bytesOut: Int) -> Int {
        max(1, min(batchMax / vectors, (frameBytesMax - 4096) / max(bytesIn, bytesOut)))
    }

    /// σ of a weight on this chip after write-verify, relative to the largest
    /// weight: what a network should be trained to bear.
    ///
    ///     σ_w = √(2·σ_c²·Σ_s L^(2s)) · (L − 1)/(G_on − G_off) / (2^(KS) − 1)
    ///     σ_c² = (tol·G_on)² + (σ(G_off)² + σ((G_on + G_off)/2)²)/2
    ///
    /// Two cells a pair, on `slices` bit slices; the noise of one read is counted
    /// half at G_off, where one cell of every pair stands, half at mid-window.
    public func weightDeviation(slices: Int) -> Double {
        func readNoise(_ conductance: Double) -> Double {
            readNoiseRelative * conductance + readNoiseConstant
        }
        let low = readNoise(offConductance)
        let middle = readNoise((onConductance + offConductance) / 2)
        let band = verifyTolerance * onConductance
        let cell = band * band + (low * low + middle * middle) / 2
        var significance = 0.0
        for slice in 0 ..< slices { significance += Double(1 << (2 * slice * bitsPerCell)) }
        let step = (onConductance - offConductance) / Double(levels - 1)
        return (2 * cell * significance).squareRoot() / step
            / Double((1 << (slices * bitsPerCell)) - 1)
    }
}

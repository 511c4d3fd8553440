public import Physics

/// What a chip is made of: the typed form of `firmware-specs/chips/*.yaml`. The reader of that
/// file has checked every value; a spec that breaks a rule here is a bug.
public struct ChipSpec: Sendable, Hashable {
    public var name: String
    public var banks: [BankSpec]
    public var converters: ConverterSpec
    /// Around the cells of every analog tile.
    public var wires: WireResistances
    public var variation: Variation
    public var periphery: PeripheryCost
    public var clock: ClockMode

    public init(
        name: String, banks: [BankSpec], converters: ConverterSpec,
        wires: WireResistances = .ideal, variation: Variation, periphery: PeripheryCost,
        clock: ClockMode
    ) {
        precondition(!banks.isEmpty)
        precondition(Set(banks.map(\.name)).count == banks.count)
        precondition(banks.count(where: \.isGTM) <= 1)
        precondition(!banks[0].isGTM)
        self.name = name
        self.banks = banks
        self.converters = converters
        self.wires = wires
        self.variation = variation
        self.periphery = periphery
        self.clock = clock
    }

    /// Tiles of all banks; the tiles of a bank follow those of the bank before it.
    public var tiles: Int { banks.reduce(0) { $0 + $1.tiles } }

    /// Tiles that matrices may be mapped to.
    public var matrixTiles: Int { banks.reduce(0) { $0 + ($1.isGTM ? 0 : $1.tiles) } }

    /// Number of the GTM's bank; `nil`: the chip has none.
    public var gtmBank: Int? { banks.firstIndex(where: \.isGTM) }

    /// Number of the first tile of a bank.
    public func firstTile(bank: Int) -> Int { banks[..<bank].reduce(0) { $0 + $1.tiles } }

    /// The bank of a tile.
    public func bank(ofTile tile: Int) -> Int {
        precondition(tile >= 0)
        precondition(tile < tiles)
        var first = 0
        for (index, bank) in banks.enumerated() {
            if tile < first + bank.tiles { return index }
            first += bank.tiles
        }
        preconditionFailure("every tile lies in a bank")
    }

    /// Chip-wide index of the first cell of a tile: cells are numbered tile after tile,
    /// row-major, so that a cell's fabrication draws never move.
    public func firstCell(ofTile tile: Int) -> UInt64 {
        let bank = self.bank(ofTile: tile)
        let before = banks[..<bank].reduce(UInt64(0)) { $0 + UInt64($1.tiles * $1.cellsPerTile) }
        return before + UInt64((tile - firstTile(bank: bank)) * banks[bank].cellsPerTile)
    }
}

/// A number of equal tiles of one technology.
public struct BankSpec: Sendable, Hashable {
    public var name: String
    public var technology: CellTechnology
    public var tiles: Int
    public var rows: Int
    /// For data; the LTM columns lie beside them, farther from the drivers of the rows.
    public var columns: Int
    public var ltmColumns: Int
    /// Cells of the chip's GTM, column after column; 0: a bank for matrices.
    public let gtmCells: Int

    public init(
        name: String, technology: CellTechnology, tiles: Int, rows: Int, columns: Int,
        ltmColumns: Int = 0
    ) {
        precondition(tiles > 0)
        precondition(rows > 0)
        precondition(columns > 0)
        precondition(TuningColumns.ltmColumnsRange.contains(ltmColumns))
        self.name = name
        self.technology = technology
        self.tiles = tiles
        self.rows = rows
        self.columns = columns
        self.ltmColumns = ltmColumns
        gtmCells = 0
    }

    /// The GTM: cells like those of a bank, in tiles as high and at most as wide as its own.
    public init(gtmCells: Int, like bank: BankSpec) {
        precondition(TuningColumns.gtmCellsRange.contains(gtmCells))
        let all = TuningColumns.columns(cells: gtmCells, rows: bank.rows)
        name = Self.gtmName
        technology = bank.technology
        rows = bank.rows
        columns = min(all, bank.columns)
        tiles = (all + columns - 1) / columns
        ltmColumns = 0
        self.gtmCells = gtmCells
    }

    /// No other bank may have it.
    public static let gtmName = "gtm"

    public var isGTM: Bool { gtmCells > 0 }
    /// Columns of a tile, of both kinds.
    public var bitLines: Int { columns + ltmColumns }
    public var cellsPerTile: Int { rows * bitLines }
    public var isDigital: Bool { technology.storage == .digital }
}

/// DAC and ADC of every tile. An ideal ADC has no steps and no range, an ideal DAC is exact for
/// every input code; neither has errors.
public struct ConverterSpec: Sendable, Hashable {
    /// Bits of an input code, also with an ideal DAC.
    public var dacBits: Int
    public var isDACIdeal: Bool
    /// `nil`: ideal.
    public var adcBits: Int?
    /// V_read, the voltage of the largest input code.
    public var readVoltage: Double
    public var dacError: ConverterError
    public var adcError: ConverterError

    public init(
        dacBits: Int, isDACIdeal: Bool = false, adcBits: Int?, readVoltage: Double,
        dacError: ConverterError = .none, adcError: ConverterError = .none
    ) {
        precondition(!isDACIdeal || dacError == .none)
        precondition(adcBits != nil || adcError == .none)
        self.dacBits = dacBits
        self.isDACIdeal = isDACIdeal
        self.adcBits = adcBits
        self.readVoltage = readVoltage
        self.dacError = dacError
        self.adcError = adcError
    }
}

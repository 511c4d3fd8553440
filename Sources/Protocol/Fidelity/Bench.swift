internal import ChipClient
internal import Protocol

/// One analog bank of a running chip, and what the report knows of its cells.
///
/// Laws that address tiles take them from the end of the bank, each tile once; matrices are mapped
/// from its beginning and unmapped by the law that made them.
final class Bench {
    private let link: Link
    let sheet: WireDescribeResult
    let bank: WireBank
    let technology: Technology
    /// Whether no cell of the chip had ever seen a pulse when it was met: else its wear is unknown.
    let isFresh: Bool
    private var tilesTaken: UInt32 = 0
    /// When tiles were last programmed, on a clock that runs.
    private var programmed: [UInt32: Double] = [:]

    /// - Parameter bank: analog, with a technology that the report knows.
    init(
        _ link: Link, sheet: WireDescribeResult, bank: WireBank, technology: Technology,
        isFresh: Bool
    ) {
        self.link = link
        self.sheet = sheet
        self.bank = bank
        self.technology = technology
        self.isFresh = isFresh
    }

    var chip: ChipConnection { link.chip }
    /// "fefet 1", and the bank where the chip has several.
    var label: String {
        let name = "\(sheet.spec) \(sheet.chip)"
        return sheet.banks.count > 1 ? "\(name) \(bank.name)" : name
    }
    var isSimulated: Bool { chip.isSimulated }
    /// Whether this is the chip's first bank: laws of the whole chip are checked there.
    var isFirst: Bool { sheet.banks.first?.name == bank.name }
    /// Of the chip's GTM; 0: it has none.
    var gtmCells: Int { sheet.banks.reduce(0) { max($0, Int($1.gtmCells)) } }
    var rows: Int { Int(bank.rows) }
    var columns: Int { Int(bank.columns) }
    var cells: Int { rows * columns }
    /// Serials of the daemon.
    var serials: [UInt32] { chip.identity.chips }
    /// Runs `body` on another chip of the same daemon, or on this one.
    func withSibling(_ serial: UInt32, _ body: (ChipConnection) throws -> Void) throws {
        try link.withSibling(serial, body)
    }
    /// For when the chip forgot its sessions.
    func reconnect() throws { try link.reconnect() }
    /// V of the largest input code.
    var readVoltage: Double { bank.readVoltageV }
    var inputCodeMax: Double { Double(1 << sheet.converters.dacBits) - 1 }

    // MARK: Tiles

    /// A tile that no law of this run has used.
    func freshTile() throws -> UInt32 {
        guard tilesTaken < bank.tiles else {
            throw NotAvailable(why: "the bank has no tile left for it")
        }
        tilesTaken += 1
        return bank.firstTile + bank.tiles - tilesTaken
    }

    /// Its data columns.
    var wholeTile: WireRegion {
        .rectangle(row: 0, column: 0, rows: rows, columns: columns)
    }

    /// Target conductances that go through all levels, cell by cell.
    var targetsOfAllLevels: [Double] {
        (0 ..< cells).map { technology.level($0 % technology.levels) }
    }

    @discardableResult
    func program(
        _ tile: UInt32, _ targets: [Double], region: WireRegion? = nil,
        _ method: WireProgram.Method = .openLoop, confirmingReads: UInt32 = 0
    ) throws -> WireProgramResult {
        var options = ProgramOptions()
        options.method = method
        options.all = true
        options.confirmingReads = confirmingReads
        if !isSimulated { programmed[tile] = try chip.health().chipTimeS }
        return try chip.program(
            tile: tile, conductances: targets.map(Float.init), region: region ?? wholeTile,
            options: options
        ).result
    }

    /// Conductances of a tile, each the mean of so many reads.
    ///
    /// - Throws: `NotAvailable` where time doesn't stand still and the cells have begun to drift.
    func read(_ tile: UInt32, repeats: Int = Bench.many) throws -> [Double] {
        let outcome = try chip.read(tile: tile, region: wholeTile, repeats: repeats)
        if let since = programmed[tile],
            outcome.chipTimeSeconds - since > bank.driftReferenceAgeS
        {
            throw NotAvailable(
                why: "its cells were read \(Page.number(outcome.chipTimeSeconds - since)) s after "
                    + "they were programmed: they have drifted, and no command stops the clock")
        }
        return outcome.values.map(Double.init)
    }

    /// The most reads that one command averages: they leave 1/64 of the noise.
    static let many = 4_096

    func pulse(
        _ tile: UInt32, _ direction: WirePulse.Direction, pulses: Double, step: Double,
        region: WireRegion? = nil
    ) throws {
        try chip.pulse(
            .with {
                $0.tile = tile
                $0.direction = direction
                $0.pulses = UInt32(pulses)
                $0.step = step
                $0.region = region ?? wholeTile
            })
    }
}

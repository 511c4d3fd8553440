internal import ChipCore
internal import Physics
internal import Yams

extension ChipSpec {
    /// Rows or columns of a tile (chosen: twice the largest array of the studies).
    private static let sideRange = 1 ... 1_024
    private static let tilesRange = 1 ... 65_536
    /// Cells of a chip: 3 GiB of state at 12 bytes a cell (chosen).
    private static let cellsMax = 1 << 28

    /// Reads a chip document whose devices stand in it.
    init(node: Node, file: String) throws(SpecError) {
        let root = try SpecReader(
            node, file: file,
            keys: [
                "name", "banks", "converters", "gtm", "wires", "variation", "clock", "periphery",
            ])
        let name = try root.name("name")
        let banks = try Self.banks(root)
        let converters = try Self.converters(root)
        self.init(
            name: name, banks: banks, converters: converters,
            wires: try Self.wires(root, around: banks), variation: try Self.variation(root),
            periphery: try DeviceSpec.periphery(root), clock: try Self.clock(root))
    }

    private static func banks(_ root: SpecReader) throws(SpecError) -> [BankSpec] {
        var banks: [BankSpec] = []
        let entries = try root.children(
            "banks", keys: ["name", "device", "tiles", "rows", "columns", "ltm_columns"])
        for entry in entries {
            let name = try entry.name("name")
            guard name != BankSpec.gtmName else {
                throw entry.refusal("name", "is \"\(name)\", which is kept for the chip's GTM")
            }
            guard !banks.contains(where: { $0.name == name }) else {
                throw entry.refusal("name", "is \"\(name)\", which another bank has already")
            }
            let technology = try DeviceSpec.technology(
                entry.node("device"), file: entry.file, path: "\(entry.path).device")
            banks.append(
                BankSpec(
                    name: name, technology: technology,
                    tiles: try entry.integer("tiles", tilesRange),
                    rows: try entry.integer("rows", sideRange),
                    columns: try entry.integer("columns", sideRange),
                    ltmColumns: try ltmColumns(entry, beside: technology)))
        }
        if root.contains("gtm") { banks.append(try gtm(root, among: banks)) }
        let cells = banks.reduce(0) { $0 + $1.tiles * $1.cellsPerTile }
        guard cells <= cellsMax else {
            throw root.refusal("banks", "have \(cells) cells; allowed: at most \(cellsMax)")
        }
        let tiles = banks.reduce(0) { $0 + $1.tiles }
        guard tilesRange.contains(tiles) else {
            throw root.refusal(
                "banks", "have \(tiles) tiles; allowed: at most \(tilesRange.upperBound)")
        }
        return banks
    }

    /// A bank without the key has none.
    private static func ltmColumns(_ entry: SpecReader, beside technology: CellTechnology)
        throws(SpecError) -> Int
    {
        guard entry.contains("ltm_columns") else { return 0 }
        let columns = try entry.integer("ltm_columns", TuningColumns.ltmColumnsRange)
        guard columns == 0 || technology.storage == .analog else {
            throw entry.refusal("ltm_columns", "is \(columns), but the bank's cells are digital")
        }
        return columns
    }

    /// A spec without the section has no GTM.
    private static func gtm(_ root: SpecReader, among banks: [BankSpec]) throws(SpecError)
        -> BankSpec
    {
        let part = try root.child("gtm", keys: ["cells", "bank"])
        let name = try part.name("bank")
        guard let bank = banks.first(where: { $0.name == name && !$0.isDigital }) else {
            throw part.refusal("bank", "is \"\(name)\", which is no analog bank of this chip")
        }
        return BankSpec(
            gtmCells: try part.integer("cells", TuningColumns.gtmCellsRange), like: bank)
    }

    private static func converters(_ root: SpecReader) throws(SpecError) -> ConverterSpec {
        let part = try root.child(
            "converters", keys: ["dac_bits", "adc_bits", "read_voltage_V", "errors"])
        let dacBits = try part.integer("dac_bits", DAC.bitsRange, orWord: "ideal")
        let adcBits = try part.integer("adc_bits", ADC.bitsRange, orWord: "ideal")
        return ConverterSpec(
            dacBits: dacBits ?? DAC.bitsRange.upperBound, isDACIdeal: dacBits == nil,
            adcBits: adcBits, readVoltage: try part.number("read_voltage_V", DAC.readVoltageRange),
            dacError: try converterError(part, "dac", isIdeal: dacBits == nil),
            adcError: try converterError(part, "adc", isIdeal: adcBits == nil))
    }

    /// A spec without the section has converters without errors.
    private static func converterError(_ part: SpecReader, _ name: String, isIdeal: Bool)
        throws(SpecError) -> ConverterError
    {
        guard part.contains("errors") else { return .none }
        let errors = try part.child(
            "errors", isSourced: true,
            keys: ["dac_offset_lsb", "dac_gain_error", "adc_offset_lsb", "adc_gain_error"])
        let offset = try errors.number("\(name)_offset_lsb", ConverterError.offsetRange)
        let gain = try errors.number("\(name)_gain_error", ConverterError.gainRange)
        guard !isIdeal || (offset == 0 && gain == 0) else {
            throw errors.refusal(
                offset == 0 ? "\(name)_gain_error" : "\(name)_offset_lsb",
                "is not 0, but \(name)_bits is ideal")
        }
        return try DeviceSpec.checked(errors, "\(name)_offset_lsb") { () throws(PhysicsError) in
            try ConverterError(offsetLSB: offset, gain: gain)
        }
    }

    /// The key stands in every spec, so that none gets other wires in silence.
    private static func wires(_ root: SpecReader, around banks: [BankSpec]) throws(SpecError)
        -> WireResistances
    {
        guard try root.isMapping("wires") else {
            return try root.choice(
                "wires", ["ideal": .ideal], orElse: "a mapping of the four resistances")
        }
        let part = try root.child(
            "wires", isSourced: true,
            keys: ["driver_ohm", "row_wire_ohm", "column_wire_ohm", "sense_ohm"])
        let driver = try part.number("driver_ohm", WireResistances.endRange)
        let row = try part.number("row_wire_ohm", WireResistances.wireRange)
        let column = try part.number("column_wire_ohm", WireResistances.wireRange)
        let sense = try part.number("sense_ohm", WireResistances.endRange)
        return try DeviceSpec.checked(root, "wires") { () throws(PhysicsError) in
            let wires = try WireResistances(
                driverOhm: driver, rowWireOhm: row, columnWireOhm: column, senseOhm: sense)
            for bank in banks where !bank.isDigital {
                try wires.checkLength(
                    rows: bank.rows, columns: bank.bitLines, on: bank.technology.window.on)
            }
            return wires
        }
    }

    private static func variation(_ root: SpecReader) throws(SpecError) -> Variation {
        let part = try root.child(
            "variation", keys: ["model", "sigma_between_chip", "sigma_within_chip"])
        let model = try part.choice(
            "model",
            [
                "weight-proportional": Variation.Model.weightProportional,
                "layer-fixed": .layerFixed, "like-read-noise": .likeReadNoise,
            ])
        let between = try part.number("sigma_between_chip", Variation.spreadRange)
        let within = try part.number("sigma_within_chip", Variation.spreadRange)
        return try DeviceSpec.checked(part, "model") { () throws(PhysicsError) in
            try Variation(model: model, betweenChip: between, withinChip: within)
        }
    }

    private static func clock(_ root: SpecReader) throws(SpecError) -> ClockMode {
        let part = try root.child("clock", keys: ["mode", "rate_s_per_s"])
        let isManual = try part.choice("mode", ["rate": false, "manual": true])
        guard !isManual else {
            guard !part.contains("rate_s_per_s") else {
                throw part.refusal("rate_s_per_s", "is given, but the mode is manual")
            }
            return .manual
        }
        return .rate(
            try part.number("rate_s_per_s", .from(0, to: ClockMode.rateRange.upperBound)))
    }
}

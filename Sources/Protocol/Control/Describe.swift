internal import ArgumentParser
internal import ChipClient
internal import Protocol

struct Describe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The chip's data sheet: tiles, converters, effects, durations.")
    @OptionGroup var target: Target

    func run() throws {
        let chip = try target.connect()
        let sheet = try chip.describe()
        var lines = Table.pairs([
            ("chip", "\(sheet.chip)"), ("spec", sheet.spec),
            ("firmware", chip.identity.firmware),
            ("converters", Self.converters(sheet.converters)), ("wires", Self.wires(sheet.wires)),
            ("command", chip.endpoints.command), ("control", chip.endpoints.control),
            ("events", chip.endpoints.events),
            ("capabilities", chip.identity.capabilities.joined(separator: ", ")),
        ])
        var banks = Table([
            "bank", "technology", "tiles", "size", "bits", "G_on µS", "G_off µS", "read V",
            "drift ν", "volatile",
        ])
        for bank in sheet.banks {
            banks.add([
                bank.name, bank.technology,
                "\(bank.firstTile)–\(Int(bank.firstTile) + max(0, Int(bank.tiles) - 1))",
                Self.size(bank), "\(bank.bitsPerCell)",
                bank.digital ? "-" : Format.number(bank.onConductanceUs),
                bank.digital ? "-" : Format.number(bank.offConductanceUs),
                bank.digital ? "-" : Format.number(bank.readVoltageV),
                bank.digital ? "-" : Format.number(bank.driftCoefficient),
                bank.isVolatile ? "yes" : "no",
            ])
        }
        lines += [""] + banks.lines
        if !sheet.effectsModelled.isEmpty {
            lines += ["", "modelled      " + sheet.effectsModelled.joined(separator: ", ")]
        }
        if !sheet.effectsNotModelled.isEmpty {
            lines += ["not modelled  " + sheet.effectsNotModelled.joined(separator: ", ")]
        }
        if !sheet.durations.isEmpty {
            var durations = Table(["command", "worst case"])
            for duration in sheet.durations {
                durations.add([
                    duration.command, Format.latency(nanoseconds: duration.worstMs * 1e6),
                ])
            }
            lines += [""] + durations.lines
        }
        try target.show(json: Codec.json(sheet), lines)
    }

    private static func size(_ bank: WireBank) -> String {
        if bank.gtmCells > 0 {
            return "\(bank.rows) × \(bank.columns), GTM of \(bank.gtmCells) cells"
        }
        let ltm = bank.ltmColumns > 0 ? " + \(bank.ltmColumns) LTM" : ""
        return "\(bank.rows) × \(bank.columns)\(ltm)"
    }

    private static func wires(_ wires: WireWires) -> String {
        if wires == WireWires() { return "ideal" }
        return "driver \(Format.number(wires.driverOhm)), row \(Format.number(wires.rowWireOhm)), "
            + "column \(Format.number(wires.columnWireOhm)), "
            + "sense \(Format.number(wires.senseOhm)) Ω"
    }

    private static func converters(_ c: WireConverters) -> String {
        let isADCIdeal = c.adcIdeal || c.adcBits == 0
        return converter("DAC", c.dacIdeal, c.dacBits, c.dacOffsetLsb, c.dacGainError) + ", "
            + converter("ADC", isADCIdeal, c.adcBits, c.adcOffsetLsb, c.adcGainError)
    }

    private static func converter(
        _ name: String, _ isIdeal: Bool, _ bits: UInt32, _ offset: Double, _ gain: Double
    ) -> String {
        var words = [name, isIdeal ? "ideal" : "\(bits) bits"]
        if offset != 0 { words.append("offset \(Format.number(offset)) LSB") }
        if gain != 0 { words.append("gain error \(Format.percent(gain))") }
        return words.joined(separator: " ")
    }
}

internal import ArgumentParser
internal import ChipClient
internal import Protocol

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Power, clock, lease and matrices of the chip.")
    @OptionGroup var target: Target

    func run() throws {
        let chip = try target.connect()
        let status = try chip.status()
        var lines = Table.pairs([
            ("chip", "\(chip.chip)"), ("power", status.powered ? "on" : "off"),
            ("chip time", Format.seconds(status.chipTimeS)),
            ("clock", clockText(status.clockMode, status.clockRate)),
            ("lease", Self.lease(status.lease)),
            ("tiles", "\(status.tilesFree) of \(status.tiles) free"),
            ("state digest", Format.hex(status.stateDigest)),
            ("truth used", status.truthRevealed ? "yes" : "no"),
        ])
        if status.gtmConductanceUs > 0 {
            lines += Table.pairs([("GTM", "\(Format.number(status.gtmConductanceUs)) µS")])
        }
        if !status.matrices.isEmpty {
            var table = Table([
                "matrix", "name", "rows", "columns", "bank", "slices", "codes", "written",
                "unverified", "ADC µA", "LTM µS", "tiles",
            ])
            for m in status.matrices {
                table.add([
                    "\(m.matrix)", m.name, "\(m.rows)", "\(m.columns)", m.bank,
                    "\(m.slices) × \(m.bitsPerSlice) bit", "±\(m.codeMax)",
                    "\(m.weightsProgrammed)", "\(m.weightsUnverified)",
                    Format.number(m.adcFullScaleUa),
                    m.ltmConductanceUs > 0 ? Format.number(m.ltmConductanceUs) : "-",
                    "\(m.tiles.count)",
                ])
            }
            lines += [""] + table.lines
        }
        try target.show(json: Codec.json(status), lines)
    }

    static func lease(_ lease: WireLeaseState) -> String {
        guard lease.held else { return "free (epoch \(lease.epoch))" }
        return "held\(lease.yours ? " by this session" : ""), epoch \(lease.epoch), "
            + "\(Format.seconds(Double(lease.remainingMs) / 1e3)) left"
    }
}

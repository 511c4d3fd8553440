internal import ArgumentParser
internal import ChipClient
internal import Protocol

struct Describe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The chip's data sheet: tiles, converters, effects, durations.")
    @OptionGroup var target: Target

    func run() throws {
        try target.run { chip in
            let sheet = try chip.describe()
            if target.json { return Terminal.print([Codec.json(sheet)]) }
            var lines = Table.pairs([
                ("chip", "\(sheet.chip)"), ("spec", sheet.spec),
                ("firmware", chip.identity.firmware),
                ("converters", Self.converters(sheet.converters)),
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
                    "\(bank.rows) × \(bank.columns)", "\(bank.bitsPerCell)",
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
            Terminal.print(lines)
        }
    }

    private static func converters(_ c: WireConverters) -> String {
        "DAC " + (c.dacIdeal ? "ideal" : "\(c.dacBits) bits") + ", ADC "
            + (c.adcIdeal || c.adcBits == 0 ? "ideal" : "\(c.adcBits) bits")
    }
}

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Power, clock, lease and matrices of the chip.")
    @OptionGroup var target: Target

    func run() throws {
        try target.run { chip in
            let status = try chip.status()
            if target.json { return Terminal.print([Codec.json(status)]) }
            var lines = Table.pairs([
                ("chip", "\(chip.chip)"), ("power", status.powered ? "on" : "off"),
                ("chip time", Format.seconds(status.chipTimeS)),
                ("clock", clockText(status.clockMode, status.clockRate)),
                ("lease", Self.lease(status.lease)),
                ("tiles", "\(status.tilesFree) of \(status.tiles) free"),
                ("state digest", Format.hex(status.stateDigest)),
                ("truth used", status.truthRevealed ? "yes" : "no"),
            ])
            if !status.matrices.isEmpty {
                var table = Table([
                    "matrix", "name", "rows", "columns", "bank", "slices", "codes", "written",
                    "unverified", "ADC µA", "tiles",
                ])
                for m in status.matrices {
                    table.add([
                        "\(m.matrix)", m.name, "\(m.rows)", "\(m.columns)", m.bank,
                        "\(m.slices) × \(m.bitsPerSlice) bit", "±\(m.codeMax)",
                        "\(m.weightsProgrammed)", "\(m.weightsUnverified)",
                        Format.number(m.adcFullScaleUa), "\(m.tiles.count)",
                    ])
                }
                lines += [""] + table.lines
            }
            Terminal.print(lines)
        }
    }

    static func lease(_ lease: WireLeaseState) -> String {
        guard lease.held else { return "free (epoch \(lease.epoch))" }
        return "held\(lease.yours ? " by this session" : ""), epoch \(lease.epoch), "
            + "\(Format.seconds(Double(lease.remainingMs) / 1e3)) left"
    }
}

func clockText(_ mode: WireClockMode, _ rate: Double) -> String {
    switch mode {
    case .manual: "manual"
    case .rate: "\(Format.number(rate)) × wall clock"
    case .unspecified, .UNRECOGNIZED: "unknown"
    }
}

struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Wear, energy and faults of the chip's life.")
    @OptionGroup var target: Target

    func run() throws {
        try target.run { chip in
            let health = try chip.health()
            if target.json { return Terminal.print([Codec.json(health)]) }
            var lines = Table.pairs([
                ("chip", "\(chip.chip)"), ("chip time", Format.seconds(health.chipTimeS)),
                ("changing commands", "\(health.commands)"), ("pulses", "\(health.pulses)"),
                ("energy", Format.energy(picojoules: health.energyPj)),
                ("busy", Format.latency(nanoseconds: health.latencyNs)),
                ("cells", "\(health.cells)"), ("unverified", "\(health.unverified)"),
                ("faults", health.faults.isEmpty ? "none" : health.faults.joined(separator: "; ")),
            ])
            if !health.cycles.isEmpty {
                var table = Table(["pulses seen", "cells"])
                for bin in health.cycles {
                    let range =
                        bin.pulsesMin == bin.pulsesMax
                        ? "\(bin.pulsesMin)" : "\(bin.pulsesMin)–\(bin.pulsesMax)"
                    table.add([range, "\(bin.cells)"])
                }
                lines += [""] + table.lines
            }
            Terminal.print(lines)
        }
    }
}

struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints events as they come, until it is interrupted.")
    @OptionGroup var target: Target
    @Option(help: "End after so many events.") var count: Int?
    @Option(name: .customLong("topic"), help: "Only topics that begin so: programmed, lease.1 …")
    var topics: [String] = []

    func run() throws {
        try target.run { chip in
            let stream = try EventStream(endpoint: chip.endpoints.events, topics: topics)
            var left = count ?? Int.max
            while left > 0 {
                guard let notice = try stream.next(timeoutMilliseconds: -1) else { continue }
                left -= 1
                if notice.restarted { Terminal.error("chipctl: the daemon was restarted") }
                if notice.missed > 0 {
                    Terminal.error("chipctl: \(notice.missed) events of this topic were lost")
                }
                let event = notice.event
                if target.json {
                    Terminal.print([Codec.json(event)])
                } else {
                    Terminal.print([
                        "\(event.topic)  #\(event.number)  \(Format.seconds(event.chipTimeS))  "
                            + event.text
                    ])
                }
            }
        }
    }
}

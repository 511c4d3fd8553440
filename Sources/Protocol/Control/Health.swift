internal import ArgumentParser
internal import ChipClient
internal import Protocol

struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Wear, energy and faults of the chip's life.")
    @OptionGroup var target: Target

    func run() throws {
        let chip = try target.connect()
        let health = try chip.health()
        var lines = Table.pairs([
            ("chip", "\(chip.chip)"), ("chip time", Format.seconds(health.chipTimeS)),
            ("changing commands", "\(health.commands)"), ("pulses", "\(health.pulses)"),
            ("energy", Format.energy(picojoules: health.energyPj)),
            ("busy", Format.latency(nanoseconds: health.latencyNs)),
            ("cells", "\(health.cells)"), ("unverified", "\(health.unverified)"),
            ("faults", health.faults.isEmpty ? "none" : health.faults.joined(separator: "; ")),
        ])
        if !health.banks.isEmpty {
            var table = Table([
                "bank", "ON/OFF median", "ON/OFF worst", "life used median", "life used worst",
                "stuck ON", "stuck OFF",
            ])
            for bank in health.banks {
                table.add([
                    bank.bank, Format.number(bank.onOffRatioMedian),
                    Format.number(bank.onOffRatioWorst), Format.percent(bank.lifeUsedMedian),
                    Format.percent(bank.lifeUsedWorst), "\(bank.stuckOn)", "\(bank.stuckOff)",
                ])
            }
            lines += [""] + table.lines
        }
        if !health.cycles.isEmpty {
            var table = Table(["pulses seen", "cells"])
            for bin in health.cycles where bin.cells > 0 {
                let range =
                    bin.pulsesMin == bin.pulsesMax
                    ? "\(bin.pulsesMin)" : "\(bin.pulsesMin)–\(bin.pulsesMax)"
                table.add([range, "\(bin.cells)"])
            }
            lines += [""] + table.lines
        }
        try target.show(json: Codec.json(health), lines)
    }
}

import Physics

extension DataSheet {
    init(emulating spec: ChipSpec, limits: ChipLimits) {
        let wires = spec.wires == .ideal ? [] : ["wire resistance"]
        let noWires = spec.wires == .ideal ? ["wire resistance"] : []
        let hasTuning = spec.gtmBank != nil || spec.banks.contains { $0.ltmColumns > 0 }
        let tuning = hasTuning ? ["tuning columns (GTM, LTM)"] : []
        self.init(
            spec: spec,
            effectsModelled: [
                "variation between chips and within a chip", "open-loop programming",
                "write-verify", "trains of pulses", "endurance", "drift on chip time", "read noise",
                "DAC", "ADC", "offset and gain errors of converters", "bit slices",
                "broken cells, lines and converters", "volatile digital tiles",
                "cost of arrays, converters and programming",
            ] + wires + tuning,
            effectsNotModelled: noWires + [
                "read disturb", "temperature",
            ],
            worstMilliseconds: Self.worstCases(spec, limits))
    }

    /// Simulated time of the largest request that the limits allow, in the slowest bank.
    private static func worstCases(_ spec: ChipSpec, _ limits: ChipLimits)
        -> [(command: String, milliseconds: Double)]
    {
        var worst: [(command: String, milliseconds: Double)] = []
        func note(_ command: String, _ cost: Cost) {
            let milliseconds = cost.latencyNanoseconds * 1e-6
            if let index = worst.firstIndex(where: { $0.command == command }) {
                worst[index].milliseconds = max(worst[index].milliseconds, milliseconds)
            } else {
                worst.append((command, milliseconds))
            }
        }
        for bank in spec.banks where !bank.isDigital {
            let model = CostModel(spec, bank)
            let parameters = bank.technology.writeVerify
            let cells = limits.cellsPerChange
            let pulses = WriteVerifyParameters.pulsesMaxRange.upperBound
            let confirming = WriteVerifyParameters.confirmingReadsRange.upperBound
            note(
                "program",
                model.programming(
                    pulses: cells * pulses,
                    verifyReads: cells * (pulses + 1) * (confirming + 1) * parameters.verifyReads))
            note(
                "pulse",
                model.programming(
                    pulses: bank.cellsPerTile * PulseTrain.pulsesRange.upperBound, verifyReads: 0))
            note("read", model.reading(cells: limits.replyBytes / 4, repeats: limits.repeats))
            if bank.isGTM || bank.ltmColumns > 0 {
                note("reference.program", model.programming(pulses: cells, verifyReads: 0))
            }
            func steps(_ count: Int) -> ProductActivity {
                ProductActivity(
                    steps: count, tiles: bank.tiles, inputLinesPerTile: bank.rows,
                    outputLinesPerTile: bank.bitLines, drivenLines: 0, conversions: 0,
                    adcBits: spec.converters.adcBits, bytes: 2 * limits.replyBytes,
                    currentSquares: 0)
            }
            if bank.isGTM {
                // A column that is not full is read in a step of its own.
                note("reference.read", model.product(steps(2 * limits.repeats)))
            } else {
                // Signed inputs, a phase a bit.
                note(
                    "multiply",
                    model.product(steps(limits.batch * 2 * spec.converters.dacBits)))
            }
        }
        return worst
    }
}

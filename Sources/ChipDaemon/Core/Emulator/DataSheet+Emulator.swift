import Physics

extension DataSheet {
    init(emulating spec: ChipSpec, limits: ChipLimits) {
        let wires = spec.wires == .ideal ? [] : ["wire resistance"]
        let noWires = spec.wires == .ideal ? ["wire resistance"] : []
        let hasTuning = spec.gtm != nil || spec.banks.contains { $0.ltmColumns > 0 }
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
        let costs = spec.banks.filter { !$0.isDigital }.map { bank -> [Double] in
            let model = CostModel(spec, bank)
            let parameters = bank.technology.writeVerify
            let cells = limits.cellsPerChange
            let pulses = WriteVerifyParameters.pulsesMaxRange.upperBound
            let confirming = WriteVerifyParameters.confirmingReadsRange.upperBound
            let program = model.programming(
                pulses: cells * pulses,
                verifyReads: cells * (pulses + 1) * (confirming + 1) * parameters.verifyReads)
            let pulse = model.programming(
                pulses: bank.cellsPerTile * PulseTrain.pulsesRange.upperBound, verifyReads: 0)
            let read = model.reading(cells: limits.replyBytes / 4, repeats: limits.repeats)
            // Signed inputs, a phase a bit.
            let multiply = model.product(
                ProductActivity(
                    steps: limits.batch * 2 * spec.converters.dacBits, tiles: bank.tiles,
                    inputLinesPerTile: bank.rows, outputLinesPerTile: bank.bitLines,
                    drivenLines: 0, conversions: 0, adcBits: spec.converters.adcBits,
                    bytes: 2 * limits.replyBytes, currentSquares: 0))
            return [program, pulse, read, multiply].map { $0.latencyNanoseconds * 1e-6 }
        }
        return ["program", "pulse", "read", "multiply"].enumerated().map { index, command in
            (command, costs.map { $0[index] }.max() ?? 0)
        }
    }
}

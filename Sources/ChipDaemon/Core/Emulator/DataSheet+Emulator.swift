import Physics

extension DataSheet {
    init(emulating spec: ChipSpec, limits: ChipLimits) {
        let wires = spec.wires == .ideal ? [] : ["wire resistance"]
        let noWires = spec.wires == .ideal ? ["wire resistance"] : []
        self.init(
            spec: spec,
            effectsModelled: [
                "variation between chips and within a chip", "open-loop programming",
                "write-verify", "trains of pulses", "endurance", "drift on chip time", "read noise",
                "DAC", "ADC", "bit slices",
                "volatile digital tiles", "cost of arrays, converters and programming",
            ] + wires,
            effectsNotModelled: noWires + [
                "broken lines", "tuning columns", "read disturb", "temperature",
            ],
            worstMilliseconds: Self.worstCases(spec, limits))
    }

    /// Simulated time of the largest request that the limits allow, worst bank.
    private static func worstCases(_ spec: ChipSpec, _ limits: ChipLimits)
        -> [(command: String, milliseconds: Double)]
    {
        var program = 0.0
        var read = 0.0
        for bank in spec.banks where !bank.isDigital {
            let model = CostModel(spec, bank)
            let parameters = bank.technology.writeVerify
            let cells = limits.cellsPerChange
            program = max(
                program,
                model.programming(
                    pulses: cells * parameters.pulsesMax,
                    verifyReads: cells * (parameters.pulsesMax + 1) * parameters.verifyReads
                ).latencyNanoseconds)
            read = max(
                read,
                model.reading(cells: limits.replyBytes / 4, repeats: 1).latencyNanoseconds)
        }
        return [("program", program * 1e-6), ("read", read * 1e-6)]
    }
}

internal import ChipCore
internal import Physics
internal import Yams

/// The reader of `firmware-specs/devices/*.yaml`: one cell technology, each value with its source.
///
/// The ranges are wide enough for what is published and narrow enough to catch a wrong unit:
/// 50 for 50 kΩ is refused.
enum DeviceSpec {
    private static let digitalKeys = ["name", "storage", "bits_per_cell", "cost"]
    private static let analogKeys =
        digitalKeys + [
            "on_resistance_ohm", "on_off_ratio", "drift_coefficient",
            "drift_coefficient_spread", "drift_reference_age_s", "read_noise_relative",
            "read_noise_constant_uS", "programming_noise_relative", "write_verify", "endurance",
        ]

    static func technology(_ node: Node, file: String, path: String) throws(SpecError)
        -> CellTechnology
    {
        let any = try SpecReader(node, file: file, path: path, keys: analogKeys)
        let storage = try any.choice(
            "storage", ["analog": CellTechnology.Storage.analog, "digital": .digital])
        guard storage == .digital else { return try analog(any) }
        return try digital(SpecReader(node, file: file, path: path, keys: digitalKeys))
    }

    private static func analog(_ device: SpecReader) throws(SpecError) -> CellTechnology {
        let name = try device.name("name")
        let values = device.sourced
        let bits = try values.integer("bits_per_cell", CellTechnology.bitsRange)
        let resistance = try values.number("on_resistance_ohm", .from(100, to: 1e9))
        let ratio = try values.number("on_off_ratio", ConductanceWindow.onOffRatioRange)
        let coefficient = try values.number(
            "drift_coefficient", PowerLawDrift.coefficientRange)
        let spread = try values.number(
            "drift_coefficient_spread", PowerLawDrift.coefficientRange)
        let reference = try values.number(
            "drift_reference_age_s", PowerLawDrift.referenceAgeRange)
        let relative = try values.number("read_noise_relative", ReadNoise.relativeRange)
        let constant = try values.number("read_noise_constant_uS", ReadNoise.constantRange)
        let programming = try values.number(
            "programming_noise_relative", CellTechnology.programmingNoiseRange)
        let writeVerify = try writeVerify(device)
        let endurance = try endurance(device)
        let cost = try cost(device)
        return try checked(device, "name") { () throws(PhysicsError) in
            try CellTechnology(
                name: name, storage: .analog, bitsPerCell: bits,
                window: ConductanceWindow(
                    on: Conductance(siemens: 1 / resistance), onOffRatio: ratio),
                drift: PowerLawDrift(
                    coefficient: coefficient, coefficientSpread: spread,
                    referenceAgeSeconds: reference),
                readNoise: ReadNoise(relative: relative, constantMicrosiemens: constant),
                programmingNoise: programming, writeVerify: writeVerify, endurance: endurance,
                cost: cost)
        }
    }

    /// A digital cell is exact: it has no window, drift or noise, and none is asked for.
    private static func digital(_ device: SpecReader) throws(SpecError) -> CellTechnology {
        let name = try device.name("name")
        let bits = try device.sourced.integer("bits_per_cell", 1 ... 1)
        let cost = try cost(device)
        return try checked(device, "name") { () throws(PhysicsError) in
            try CellTechnology(
                name: name, storage: .digital, bitsPerCell: bits,
                window: ConductanceWindow(on: .microsiemens(1), onOffRatio: .infinity),
                drift: .none, readNoise: .none, programmingNoise: 0,
                writeVerify: WriteVerifyParameters(verifyReads: 1), cost: cost)
        }
    }

    private static func writeVerify(_ device: SpecReader) throws(SpecError)
        -> WriteVerifyParameters
    {
        let part = try device.child(
            "write_verify", isSourced: true,
            keys: [
                "verify_reads", "pulses_max", "tolerance_of_on", "coarse_of_on",
                "step_first_of_window", "step_min_of_window", "step_max_of_window",
                "step_growth_factor", "step_cut_factor", "nonlinearity_set",
                "nonlinearity_reset", "cycle_to_cycle_relative",
            ])
        typealias Values = WriteVerifyParameters
        var values = Values(
            verifyReads: try part.integer("verify_reads", Values.verifyReadsRange))
        values.pulsesMax = try part.integer("pulses_max", Values.pulsesMaxRange)
        values.tolerance = try part.number("tolerance_of_on", Values.toleranceRange)
        values.coarse = try part.number("coarse_of_on", Values.coarseRange)
        values.stepFirst = try part.number("step_first_of_window", Values.stepRange)
        values.stepMin = try part.number("step_min_of_window", Values.stepRange)
        values.stepMax = try part.number("step_max_of_window", Values.stepRange)
        values.growth = try part.number("step_growth_factor", Values.growthRange)
        values.cut = try part.number("step_cut_factor", Values.cutRange)
        values.nonlinearitySet = try part.number("nonlinearity_set", Values.nonlinearityRange)
        values.nonlinearityReset = try part.number("nonlinearity_reset", Values.nonlinearityRange)
        values.cycleToCycle = try part.number("cycle_to_cycle_relative", Values.cycleToCycleRange)
        let made = values
        return try checked(part, "step_first_of_window") { () throws(PhysicsError) in
            try made.validated()
        }
    }

    /// `.inf` stands for a window that never closes and for lives without end.
    private static func endurance(_ device: SpecReader) throws(SpecError) -> Endurance {
        let part = try device.child(
            "endurance", isSourced: true,
            keys: [
                "window_pulses", "window_exponent", "lifetime_scale_pulses", "lifetime_shape",
                "stuck_on_share",
            ])
        let window = try part.number("window_pulses", Endurance.pulsesRange)
        let exponent = try part.number("window_exponent", Endurance.exponentRange)
        let scale = try part.number("lifetime_scale_pulses", Endurance.pulsesRange)
        let shape = try part.number("lifetime_shape", Endurance.shapeRange)
        let share = try part.number("stuck_on_share", Endurance.shareRange)
        return try checked(part, "window_pulses") { () throws(PhysicsError) in
            try Endurance(
                windowPulses: window, windowExponent: exponent, lifetimeScale: scale,
                lifetimeShape: shape, stuckOnShare: share)
        }
    }

    private static func cost(_ device: SpecReader) throws(SpecError) -> CellCost {
        let part = try device.child(
            "cost", isSourced: true,
            keys: [
                "program_pulse_width_ns", "program_pulse_energy_pJ", "read_pulse_width_ns",
                "verify_read_energy_pJ",
            ])
        return CellCost(
            programPulseNanoseconds: try part.number(
                "program_pulse_width_ns", CellCost.timeRange),
            programPulsePicojoules: try part.number(
                "program_pulse_energy_pJ", CellCost.energyRange),
            readPulseNanoseconds: try part.number("read_pulse_width_ns", CellCost.timeRange),
            verifyReadPicojoules: try part.number("verify_read_energy_pJ", CellCost.energyRange))
    }

    /// The circuits around the tiles, in the chip's document.
    static func periphery(_ root: SpecReader) throws(SpecError) -> PeripheryCost {
        let amounts: KeyValuePairs<String, WritableKeyPath<PeripheryCost, Double>> = [
            "word_line_cell_energy_pJ": \.wordLinePicojoulesPerCell,
            "driver_idle_energy_pJ": \.driverIdlePicojoules,
            "driver_active_energy_pJ": \.driverActivePicojoules,
            "converter_time_ns": \.converterNanoseconds,
            "converter_bit_time_ns": \.converterNanosecondsPerBit,
            "converter_level_energy_pJ": \.converterPicojoulesPerLevel,
            "converter_bit_energy_pJ": \.converterPicojoulesPerBit,
            "multiplexer_cell_energy_pJ": \.multiplexerPicojoulesPerCell,
            "shift_add_bit_energy_pJ": \.shiftAddPicojoulesPerBit,
            "buffer_byte_energy_pJ": \.bufferPicojoulesPerByte,
            "buffer_byte_time_ns": \.bufferNanosecondsPerByte,
            "digital_operation_energy_pJ": \.digitalPicojoules,
            "digital_operation_time_ns": \.digitalNanoseconds,
        ]
        let part = try root.child(
            "periphery", isSourced: true,
            keys: ["columns_per_converter", "cells_programmed_in_parallel"] + amounts.map(\.key))
        var cost = PeripheryCost()
        cost.columnsPerConverter = try part.integer(
            "columns_per_converter", PeripheryCost.columnsPerConverterRange)
        cost.cellsProgrammedInParallel = try part.integer(
            "cells_programmed_in_parallel", PeripheryCost.cellsInParallelRange)
        for (key, field) in amounts {
            cost[keyPath: field] = try part.number(key, PeripheryCost.amountRange)
        }
        let made = cost
        return try checked(part, "columns_per_converter") { () throws(PhysicsError) in
            try made.validated()
        }
    }

    /// A rule of the physics that a range alone does not express.
    static func checked<Value>(
        _ reader: SpecReader, _ key: String, _ make: () throws(PhysicsError) -> Value
    ) throws(SpecError) -> Value {
        do {
            return try make()
        } catch {
            throw reader.refusal(key, "cannot be used: \(error)")
        }
    }
}

import Foundation
import Physics
import Testing

/// The cost model set to NeuroSim's settings against its figures, within the bounds that the
/// oracle names. The energies a unit are the defaults, which were taken from one of the files
/// (`rram2`); sizes, activity, bits and capacitances are those of each file, so that the others
/// test the law. The current through the cells is not in NeuroSim, and left out here.
@Suite(
    "Cost: against NeuroSim (K-1, K-3 … K-5)",
    .enabled(
        if: CostOracle.folder != nil,
        "NVCIM_ORACLES is not set, or has no folder cost: nothing to compare with"))
struct NeuroSimTests {
    /// NeuroSim's clock is 1.4 times its longest sensing step.
    private static let clockFactor = 1.4
    /// ns, the encoder of 5 bits (`encoder_derived`).
    private static let encoder = 0.1476

    private typealias Field = WritableKeyPath<PeripheryCost, Double> & Sendable

    private struct Setting {
        var rows = 128
        var columns = 128
        var inputBits = 8
        var adcBits = 5
        var share: Double
        var steps: CostOracle.Steps
        var periphery = PeripheryCost()

        /// - Parameter only: the unit costs of energy that count; `nil`: all.
        func cost(only: [any Field]? = nil) -> Cost {
            var periphery = self.periphery
            if let only {
                for field in NeuroSimTests.energies where !only.contains(field) {
                    periphery[keyPath: field] = 0
                }
            }
            let cell = CellCost(
                programPulseNanoseconds: 1, programPulsePicojoules: 0,
                readPulseNanoseconds: clockFactor * steps.senseAmplifiers,
                verifyReadPicojoules: 0)
            return CostModel(cell: cell, periphery: periphery).product(
                ProductActivity(
                    steps: inputBits, tiles: 1, inputLinesPerTile: rows,
                    outputLinesPerTile: columns,
                    drivenLines: Int((share * Double(inputBits * rows)).rounded()),
                    conversions: inputBits * columns, adcBits: adcBits, bytes: 0,
                    currentSquares: 0))
        }
    }

    private static let energies: [any Field] = [
        \.wordLinePicojoulesPerCell, \.driverIdlePicojoules, \.driverActivePicojoules,
        \.converterPicojoulesPerLevel, \.converterPicojoulesPerBit,
        \.multiplexerPicojoulesPerCell, \.shiftAddPicojoulesPerBit,
    ]

    private static func setting(share: Double, steps: CostOracle.Steps) -> Setting {
        var setting = Setting(share: share, steps: steps)
        setting.periphery.converterNanoseconds = clockFactor * steps.columnMux
        setting.periphery.converterNanosecondsPerBit = clockFactor * encoder / 5
        return setting
    }

    private func within(_ factor: Double, _ ours: Double, _ theirs: Double) -> Bool {
        (1 / factor ... factor).contains(ours / theirs)
    }

    @Test(arguments: [
        "rram1", "rram2", "rram4", "sram", "fefet2", "rram2-64x64", "rram2-256x256",
    ])
    func oneArrayAndVector(_ name: String) throws {
        let array = try CostOracle.read("one-array-\(name).json", as: CostOracle.Array.self)
        let operation = array.layers[0].arrayOperation
        let parameters = array.parameters
        var setting = Self.setting(
            share: operation.meanActiveRowShare, steps: array.arrayStepNs)
        setting.rows = parameters.subarrayRows
        setting.columns = parameters.subarrayColumns
        setting.inputBits = parameters.inputBits
        setting.adcBits = parameters.adcBits
        setting.periphery.columnsPerConverter = parameters.columnMux
        setting.periphery.wordLinePicojoulesPerCell =
            array.arrayElectrical.wordLineCapacitanceFF * 1e-3 * parameters.supplyV
            * parameters.supplyV / Double(parameters.subarrayColumns)
        let theirs = operation.perArrayAndVectorPJ
        let parts: [(String, [any Field], Double)] = [
            ("word line", [\.wordLinePicojoulesPerCell], theirs.wordLine),
            (
                "switches", [\.driverIdlePicojoules, \.driverActivePicojoules],
                theirs.wordLineSwitchMatrix
            ),
            ("mux", [\.multiplexerPicojoulesPerCell], theirs.columnMuxAndItsDecoder),
            (
                "adc", [\.converterPicojoulesPerLevel, \.converterPicojoulesPerBit], theirs.adc
            ),
            ("shift-add", [\.shiftAddPicojoulesPerBit], theirs.shiftAdd),
        ]
        for (part, fields, energy) in parts {
            let ours = setting.cost(only: fields).energyPicojoules
            #expect(within(2, ours, energy), "\(part): \(ours) pJ, NeuroSim \(energy) pJ")
        }
        let cost = setting.cost()
        let latency = operation.sensingCyclesPerVector * array.chip.clockPeriodNs
        #expect(within(1.5, cost.energyPicojoules, theirs.total))
        #expect(
            within(1.3, cost.latencyNanoseconds, latency),
            "\(cost.latencyNanoseconds) ns, NeuroSim \(latency) ns")
    }

    // MARK: Sweeps

    /// How a point of a sweep is set; the others leave the model as it is.
    private static let applied:
        [String: @Sendable (inout Setting, CostOracle.Sweeps.Point) -> Void] =
            [
                "adc_levels": { setting, point in setting.adcBits = Int(log2(point.value)) },
                // A converter that takes a bit a time: (bits + 1) ns, and 161 pJ for 1024 conversions
                // of 5 bits.
                "adc_levels_sar": { setting, point in
                    setting.adcBits = Int(log2(point.value))
                    setting.periphery.converterNanoseconds += clockFactor
                    setting.periphery.converterNanosecondsPerBit = clockFactor
                    setting.periphery.converterPicojoulesPerLevel = 0
                    setting.periphery.converterPicojoulesPerBit = 161.05 / (1024 * 5)
                },
                "column_mux": { setting, point in
                    setting.periphery.columnsPerConverter = Int(point.value)
                },
                "array_size": { setting, point in
                    setting.rows = Int(point.value)
                    setting.columns = Int(point.value)
                    setting.periphery.converterNanoseconds = clockFactor * point.stepNs.columnMux
                    setting.steps = point.stepNs
                },
                "input_bits": { setting, point in setting.inputBits = Int(point.value) },
                "cell_bits": { _, _ in },
                "active_rows_uniform_weights": { _, _ in },
            ]

    private static let notApplied = [
        "adc_sense_amplifier": "another circuit: another energy a level",
        "rows_read_at_once": "the chip drives all rows of a tile at once",
        "R_on": "sizes the access transistors: other capacitances, so other unit costs",
        "R_off_over_R_on": "enters only the current through the cells, which is not compared",
        "node": "other unit costs; from 32 nm on the multiplexer is not sized (allow for 6)",
        "temperature": "other unit costs", "device_roadmap": "other unit costs",
        "write_voltage": "inference only: nothing moves but area (allow for 5)",
        "calibration_factors": "other unit costs", "access": "other unit costs",
        "read_pulse_width": "without effect in parallel read (allow for 2)",
    ]

    /// Points that the oracle says not to fit: drivers sized for 8 columns a converter; with fewer
    /// columns than a weight has, shift-add vanishes by rounding (allow for 6).
    private static let leftOut: [String: [Double]] = ["column_mux": [2, 4]]

    /// Parts that are not compared: what moves there is not in the model.
    private static let partsLeftOut: [String: Set<Cost.Component>] = [
        // 1 column: see `leftOut`.
        "column_mux": [.shiftAdd],
        // How digits are grouped before they are added, a seventh of it.
        "cell_bits": [.shiftAdd],
        // The converter's weak, logarithmic dependence on the column current.
        "active_rows_uniform_weights": [.adc],
    ]

    @Test func everySweepIsAppliedOrExplained() throws {
        let sweeps = try CostOracle.read("one-array-sweeps.json", as: CostOracle.Sweeps.self).sweeps
        let known = Set(Self.applied.keys).union(Self.notApplied.keys)
        #expect(Set(sweeps.map(\.parameter)) == known)
    }

    @Test(arguments: applied.keys.sorted())
    func movesTheSameWay(_ parameter: String) throws {
        let file = try CostOracle.read("one-array-sweeps.json", as: CostOracle.Sweeps.self)
        let base = try CostOracle.read("one-array-rram2.json", as: CostOracle.Array.self)
        let apply = try #require(Self.applied[parameter])
        for sweep in file.sweeps where sweep.parameter == parameter {
            let points = sweep.points.filter {
                !(Self.leftOut[parameter] ?? []).contains($0.value)
            }
            try #require(points.count > 1)
            var figures: [[(ours: Double, theirs: Double)]] = []
            for point in points {
                var setting = Self.setting(share: point.activeRowShare, steps: base.arrayStepNs)
                // A converter of successive approximation has no sense amplifiers.
                if point.stepNs.senseAmplifiers == 0 { setting.steps.senseAmplifiers = 0 }
                apply(&setting, point)
                figures.append(compared(setting.cost(), point, parameter))
            }
            for (before, after) in zip(figures, figures.dropFirst()) {
                for (a, b) in zip(before, after) {
                    #expect(
                        direction(a.ours, b.ours) == direction(a.theirs, b.theirs),
                        "\(parameter): \(a) → \(b)")
                }
            }
        }
    }

    /// Latency, energy, and the energy of each part.
    private func compared(
        _ cost: Cost, _ point: CostOracle.Sweeps.Point, _ parameter: String
    ) -> [(ours: Double, theirs: Double)] {
        let theirs = point.energyPJ
        let parts: [(Cost.Component, Double)] = [
            (.wordLines, theirs.wordLine + theirs.wordLineSwitchMatrix),
            (.adc, theirs.adc + theirs.columnMuxAndItsDecoder), (.shiftAdd, theirs.shiftAdd),
        ]
        let leftOut = Self.partsLeftOut[parameter] ?? []
        return [
            (cost.latencyNanoseconds, point.latencyPerVectorNs),
            (cost.energyPicojoules, theirs.total),
        ]
            + parts.filter { !leftOut.contains($0.0) }.map { component, energy in
                (cost.parts[component]?.energyPicojoules ?? 0, energy)
            }
    }

    /// −1, 0 or 1; less than 2 % is no move.
    private func direction(_ before: Double, _ after: Double) -> Int {
        let change = after / before - 1
        return abs(change) < 0.02 ? 0 : change > 0 ? 1 : -1
    }
}

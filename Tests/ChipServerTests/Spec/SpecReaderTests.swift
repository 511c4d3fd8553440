import ChipCore
import ChipServer
import Foundation
import Physics
import Testing

/// Each mistake is made in an otherwise good file, and answered with one sentence.
@Suite("A spec with a mistake is refused with a sentence")
struct SpecReaderTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        let line: String, instead: String, sentence: String
        var testDescription: String { "\(line) → \(instead)" }
        init(_ line: String, _ instead: String, _ sentence: String) {
            self.line = line
            self.instead = instead
            self.sentence = sentence
        }
    }

    private static let chip = try? String(
        contentsOfFile: ShippedSpecs.chip("rram-2b"), encoding: .utf8)
    private static let device = try? String(
        contentsOfFile: "\(ShippedSpecs.folder)/devices/rram-2b.yaml", encoding: .utf8)

    /// A section of errors behind the read voltage.
    private static func errors(offset: Double, gain: Double) -> String {
        """
          read_voltage_V: 0.2
          errors:
            dac_offset_lsb: {value: 0.5, source: bench}
            dac_gain_error: {value: 0, source: bench}
            adc_offset_lsb: {value: \(offset), source: bench}
            adc_gain_error: {value: \(gain), source: bench}
        """
    }

    private static let rest =
        "row_wire_ohm: {value: 5, source: a}, column_wire_ohm: {value: 10, source: a}, "
        + "sense_ohm: {value: 1000, source: a}"
    private static func wires(_ driver: String, _ rest: String = rest) -> String {
        "wires: {\(driver), \(rest)}"
    }

    static let chipMistakes = [
        Mistake(
            "    tiles: 192", "    tiles: 0",
            "chip.yaml:8: banks[0].tiles is \"0\"; allowed: 1 … 65536"),
        Mistake(
            "    tiles: 192", "    tiles: many",
            "chip.yaml:8: banks[0].tiles is \"many\"; allowed: a whole number, 1 … 65536"),
        Mistake("    tiles: 192\n", "", "the key banks[0].tiles is missing"),
        Mistake(
            "    tiles: 192", "    tile: 192",
            "chip.yaml:8: banks[0].tile is not a key here; did you mean tiles?"),
        Mistake(
            "  read_voltage_V: 0.2", "  read_voltage: 0.2",
            "converters.read_voltage is not a key here; write read_voltage_V, with the unit "
                + "in the key"),
        Mistake(
            "  read_voltage_V: 0.2", "  read_voltage_mV: 200",
            "converters.read_voltage_mV is not a key here; the unit is V: write "
                + "read_voltage_V"),
        Mistake(
            "  read_voltage_V: 0.2", "  read_voltage_V: 0",
            "converters.read_voltage_V is \"0\"; allowed: above 0, at most 2"),
        Mistake(
            "  read_voltage_V: 0.2", "  read_voltage_V: .inf",
            "converters.read_voltage_V is \".inf\"; allowed: above 0, at most 2"),
        Mistake(
            "  adc_bits: 10", "  adc_bits: perfect",
            "converters.adc_bits is \"perfect\"; allowed: 2 … 16, or ideal"),
        Mistake(
            "  dac_bits: 8", "  dac_bits: 9",
            "converters.dac_bits is \"9\"; allowed: 1 … 8, or ideal"),
        Mistake(
            "  read_voltage_V: 0.2", Self.errors(offset: 300, gain: 0),
            "converters.errors.adc_offset_lsb is \"300.0\"; allowed: -256 … 256"),
        Mistake(
            "  read_voltage_V: 0.2", Self.errors(offset: 0, gain: 0.75),
            "converters.errors.adc_gain_error is \"0.75\"; allowed: -0.5 … 0.5"),
        Mistake(
            "  read_voltage_V: 0.2",
            Self.errors(offset: 1, gain: 0).replacingOccurrences(of: "adc_o", with: "adc_0"),
            "converters.errors.adc_0ffset_lsb is not a key here"),
        Mistake(
            "  read_voltage_V: 0.2",
            Self.errors(offset: 1, gain: 0).replacingOccurrences(of: ", source: bench", with: ""),
            "the key converters.errors.dac_offset_lsb.source is missing"),
        Mistake(
            "  adc_bits: 10        # or: ideal\n  read_voltage_V: 0.2",
            "  adc_bits: ideal\n" + Self.errors(offset: 0, gain: 0.1),
            "converters.errors.adc_gain_error is not 0, but adc_bits is ideal"),
        Mistake(
            "    columns: 128", "    columns: 128\n    ltm_columns: 17",
            "banks[0].ltm_columns is \"17\"; allowed: 0 … 16"),
        Mistake(
            "wires: ideal", "gtm: {cells: 100001, bank: nvm}\nwires: ideal",
            "gtm.cells is \"100001\"; allowed: 1 … 100000"),
        Mistake(
            "wires: ideal", "gtm: {cells: 1000, bank: main}\nwires: ideal",
            "gtm.bank is \"main\", which is no analog bank of this chip"),
        Mistake(
            "  - name: nvm", "  - name: gtm",
            "banks[0].name is \"gtm\", which is kept for the chip's GTM"),
        Mistake(
            "wires: ideal", "wires: copper",
            "wires is \"copper\"; allowed: ideal, or a mapping of the four resistances"),
        Mistake(
            "wires: ideal", wires("driver_ohm: {value: 1000, source: a}", ""),
            "chip.yaml:15: the key wires.row_wire_ohm is missing"),
        Mistake(
            "wires: ideal", wires("driver_kohm: {value: 1, source: a}"),
            "wires.driver_kohm is not a key here; did you mean driver_ohm?"),
        Mistake(
            "wires: ideal", wires("driver_ohm: 1000"),
            "wires.driver_ohm is \"1000\", but must be a mapping of keys to values"),
        Mistake(
            "wires: ideal", wires("driver_ohm: {value: 2e6, source: a}"),
            "wires.driver_ohm is \"2e6\"; allowed: 0 … 1000000.0"),
        Mistake(
            "wires: ideal",
            wires(
                "driver_ohm: {value: 0, source: a}",
                rest.replacingOccurrences(of: "5", with: "500")),
            "chip.yaml:15: wires cannot be used: length of a row, columns·√(R_row·G_on) is 12.8; "
                + "allowed: 0 … 12"),
        Mistake(
            "  model: weight-proportional", "  model: gaussian",
            "variation.model is \"gaussian\"; allowed: weight-proportional, layer-fixed, "
                + "like-read-noise"),
        Mistake(
            "  sigma_within_chip: 0", "  sigma_within_chip: -0.1",
            "variation.sigma_within_chip is \"-0.1\"; allowed: 0 … 1"),
        Mistake(
            "  mode: rate", "  mode: manual",
            "clock.rate_s_per_s is given, but the mode is manual"),
        Mistake(
            "    device: rram-2b", "    device: ../rram-2b",
            "banks[0].device is \"../rram-2b\"; allowed: the name of a file"),
        Mistake(
            "    device: rram-2b", "    device: unobtainium",
            "banks[0].device is \"unobtainium\", but there is no "),
        Mistake(
            "    rows: 128", "    rows: [128]",
            "banks[0].rows is a list, but must be one value"),
        Mistake("name: rram-2b\n", "name: rram-2b\nname: again\n", "a key stands twice: \"name\""),
        Mistake("    tiles: 192", "    tiles: 65536", "have 1073741824 cells; allowed: at most"),
    ]

    static let deviceMistakes = [
        Mistake(
            "on_resistance_ohm: {value: 50000", "on_resistance_ohm: {value: 50",
            "rram-2b.yaml:7: on_resistance_ohm is \"50\"; allowed: 100 … 1000000000.0"),
        Mistake(
            "on_resistance_ohm:", "on_resistance_kohm:",
            "on_resistance_kohm is not a key here; the unit is ohm: write on_resistance_ohm"),
        Mistake(
            "on_off_ratio: {value: 10", "on_off_ratio: {value: 1",
            "on_off_ratio is \"1\"; allowed: above 1, at most 1000000000.0"),
        Mistake(
            "drift_reference_age_s: {value: 1,", "drift_reference_age_s: {value: 0,",
            "drift_reference_age_s is \"0\"; allowed: above 0, at most 1000000.0"),
        Mistake("storage: analog", "storage: digital", "is not a key here"),
        Mistake(
            "  pulses_max: {value: 100", "  pulses_max: {value: 0",
            "write_verify.pulses_max is \"0\"; allowed: 1 … 4000"),
        Mistake(
            "step_first_of_window: {value: 0.006", "step_first_of_window: {value: 0.5",
            "write_verify.step_first_of_window cannot be used: first step is 0.5"),
        Mistake(
            ", source: \"chosen: fewer levels for the same noise\"", "",
            "the key bits_per_cell.source is missing"),
        Mistake(
            "source: \"chosen: fewer levels for the same noise\"", "source: \" \"",
            "bits_per_cell.source is \" \"; allowed: where the value comes from"),
    ]

    private func sentence(chip: String, device: String) throws -> String {
        let folder = try TestFolder()
        for part in ["chips", "devices"] {
            try FileManager.default.createDirectory(
                atPath: folder.file(part), withIntermediateDirectories: true)
        }
        try chip.write(toFile: folder.file("chips/chip.yaml"), atomically: true, encoding: .utf8)
        try device.write(
            toFile: folder.file("devices/rram-2b.yaml"), atomically: true, encoding: .utf8)
        let error = #expect(throws: SpecError.self) {
            _ = try ResolvedSpec(chipFile: folder.file("chips/chip.yaml"))
        }
        return error?.description ?? ""
    }

    @Test(arguments: chipMistakes)
    func inAChip(_ mistake: Mistake) throws {
        let good = try #require(Self.chip)
        try #require(good.contains(mistake.line))
        let bad = good.replacingOccurrences(of: mistake.line, with: mistake.instead)
        let sentence = try sentence(chip: bad, device: #require(Self.device))
        #expect(sentence.contains(mistake.sentence), "\(sentence)")
        #expect(sentence.contains("chip.yaml"))
        #expect(!sentence.contains("\n"))
    }

    @Test(arguments: deviceMistakes)
    func inADevice(_ mistake: Mistake) throws {
        let good = try #require(Self.device)
        try #require(good.contains(mistake.line))
        let bad = good.replacingOccurrences(of: mistake.line, with: mistake.instead)
        let sentence = try sentence(chip: #require(Self.chip), device: bad)
        #expect(sentence.contains(mistake.sentence), "\(sentence)")
        #expect(sentence.contains("rram-2b.yaml"))
        #expect(!sentence.contains("\n"))
    }

    private func spec(_ change: (String) -> String) throws -> ResolvedSpec {
        let text = change(try #require(Self.chip))
        return try ResolvedSpec(
            text: text, file: "chip.yaml", devices: "\(ShippedSpecs.folder)/devices")
    }

    /// Left out, the errors are none; given, they reach the chip; 0 is no error.
    @Test func theErrorsOfConvertersMayBeLeftOut() throws {
        let shipped = try spec { $0 }.spec.converters
        #expect(shipped.adcError == .none)
        #expect(shipped.dacError == .none)
        let voltage = "  read_voltage_V: 0.2"
        let given = try spec {
            $0.replacingOccurrences(of: voltage, with: Self.errors(offset: -1.5, gain: 0.02))
        }.spec.converters
        #expect(given.adcError == (try ConverterError(offsetLSB: -1.5, gain: 0.02)))
        #expect(given.dacError == (try ConverterError(offsetLSB: 0.5, gain: 0)))
        let zero = try spec {
            $0.replacingOccurrences(
                of: voltage,
                with: Self.errors(offset: 0, gain: 0)
                    .replacingOccurrences(of: "0.5", with: "0"))
        }.spec.converters
        #expect(zero == shipped)
    }

    @Test func bothConvertersMayBeIdeal() throws {
        let ideal = try spec {
            $0.replacingOccurrences(of: "dac_bits: 8", with: "dac_bits: ideal")
                .replacingOccurrences(of: "adc_bits: 10", with: "adc_bits: ideal")
        }.spec.converters
        #expect(
            ideal
                == ConverterSpec(
                    dacBits: 8, isDACIdeal: true, adcBits: nil, readVoltage: 0.2))
    }

    @Test func commentsAndNotationAreNoDifference() throws {
        let folder = try TestFolder()
        for part in ["chips", "devices"] {
            try FileManager.default.createDirectory(
                atPath: folder.file(part), withIntermediateDirectories: true)
        }
        try #require(Self.device).write(
            toFile: folder.file("devices/rram-2b.yaml"), atomically: true, encoding: .utf8)
        let other = try #require(Self.chip).replacingOccurrences(of: "V: 0.2", with: "V: 2e-1 # V")
        try other.write(toFile: folder.file("chips/chip.yaml"), atomically: true, encoding: .utf8)
        let changed = try ResolvedSpec(chipFile: folder.file("chips/chip.yaml"))
        let shipped = try ResolvedSpec(chipFile: ShippedSpecs.chip("rram-2b"))
        #expect(changed.digest == shipped.digest)
        #expect(changed.differences(from: shipped).isEmpty)
    }
}

import ChipCore
import ChipServer
import Foundation
import Physics
import Testing

/// The values of the shipped devices, typed in again from their sources.
@Suite("The shipped specs are those of the tables")
struct ShippedSpecTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let chip: String, technology: String, bits: Int
        let onMicrosiemens: Double, ratio: Double, nu: Double
        let relative: Double, constant: Double, verifyReads: Int
        var converters = ConverterSpec(dacBits: 8, adcBits: 10, readVoltage: 0.2)
        var wires = WireResistances.ideal
        var spread = 0.0
        var testDescription: String { chip }
    }

    static let rows = [
        Row(
            chip: "fefet", technology: "fefet", bits: 4, onMicrosiemens: 4.5, ratio: 100, nu: 0.1,
            relative: 0.05, constant: 0, verifyReads: 4),
        Row(
            chip: "pcm-i", technology: "pcm-i", bits: 4, onMicrosiemens: 4, ratio: 40, nu: 0.04,
            relative: 0.03, constant: 0.13, verifyReads: 16),
        Row(
            chip: "pcm-ii", technology: "pcm-ii", bits: 4, onMicrosiemens: 8, ratio: 80, nu: 0.04,
            relative: 0.03, constant: 0.13, verifyReads: 8),
        Row(
            chip: "rram", technology: "rram", bits: 4, onMicrosiemens: 20, ratio: 10, nu: 0.04,
            relative: 0.1, constant: 0, verifyReads: 16),
        Row(
            chip: "rram-512", technology: "rram", bits: 4, onMicrosiemens: 20, ratio: 10, nu: 0.04,
            relative: 0.1, constant: 0, verifyReads: 16),
        Row(
            chip: "rram-2b", technology: "rram-2b", bits: 2, onMicrosiemens: 20, ratio: 10,
            nu: 0.04, relative: 0.1, constant: 0, verifyReads: 16),
        Row(
            chip: "rram-2b-neurosim", technology: "rram-2b", bits: 2, onMicrosiemens: 20,
            ratio: 10, nu: 0.04, relative: 0.1, constant: 0, verifyReads: 16,
            converters: ConverterSpec(dacBits: 8, adcBits: 5, readVoltage: 0.55)),
        Row(
            chip: "rram-wires", technology: "rram", bits: 4, onMicrosiemens: 20, ratio: 10,
            nu: 0.04, relative: 0.1, constant: 0, verifyReads: 16, wires: .published),
        Row(
            chip: "rram-tuning", technology: "rram", bits: 4, onMicrosiemens: 20, ratio: 10,
            nu: 0.04, relative: 0.1, constant: 0, verifyReads: 16, spread: 0.1),
        Row(
            chip: "hybrid", technology: "rram", bits: 4, onMicrosiemens: 20, ratio: 10, nu: 0.04,
            relative: 0.1, constant: 0, verifyReads: 16),
    ]

    @Test(arguments: rows)
    func matchesTheTable(_ row: Row) throws {
        let spec = try ResolvedSpec(chipFile: ShippedSpecs.chip(row.chip)).spec
        #expect(spec.name == row.chip)
        let cell = spec.banks[0].technology
        #expect(cell.name == row.technology)
        #expect(cell.storage == .analog)
        #expect(cell.bitsPerCell == row.bits)
        #expect(abs(cell.window.on.microsiemens / row.onMicrosiemens - 1) < 1e-4)
        #expect(abs(cell.window.onOffRatio / row.ratio - 1) < 1e-9)
        #expect(cell.drift.coefficient == row.nu)
        #expect(abs(cell.drift.coefficientSpread - 0.2 * row.nu) < 1e-12)
        #expect(cell.drift.referenceAgeSeconds == 1)
        #expect(cell.readNoise.relative == row.relative)
        #expect(cell.readNoise.constantMicrosiemens == row.constant)
        #expect(cell.programmingNoise == 0.1)
        var verify = WriteVerifyParameters(verifyReads: row.verifyReads)
        (verify.tolerance, verify.coarse, verify.stepFirst) = (0.03, 0.2, 0.006)
        (verify.growth, verify.cut, verify.stepMin, verify.stepMax) = (1.1, 0.5, 0.002, 0.1)
        (verify.nonlinearitySet, verify.nonlinearityReset) = (1, 1)
        (verify.cycleToCycle, verify.pulsesMax) = (0.2, 100)
        #expect(cell.writeVerify == verify)
        #expect(spec.converters == row.converters)
        #expect(spec.wires == row.wires)
        #expect(spec.clock == .rate(1))
        #expect(spec.variation.betweenChip == row.spread)
        #expect(spec.variation.withinChip == row.spread)
        #expect(spec.periphery == PeripheryCost())
    }

    @Test func everyShippedChipIsInTheTable() throws {
        let files = try FileManager.default.contentsOfDirectory(
            atPath: "\(ShippedSpecs.folder)/chips")
        #expect(Set(files) == Set(Self.rows.map { "\($0.chip).yaml" }))
    }

    @Test func theReferenceChipHoldsLeNetTwice() throws {
        let bank = try ResolvedSpec(chipFile: ShippedSpecs.chip("rram-2b")).spec.banks[0]
        // Blocks of 128 × 128 weights of 25 × 6, 150 × 16, 400 × 120, 120 × 84 and 84 × 10.
        let blocks = 1 + 2 + 4 + 1 + 1
        #expect(bank.tiles >= 2 * blocks * 4 * 2)
        #expect(bank.tiles >= 160)
        #expect((bank.rows, bank.columns) == (128, 128))
    }

    @Test func theTuningChipHasReferenceCells() throws {
        let spec = try ResolvedSpec(chipFile: ShippedSpecs.chip("rram-tuning")).spec
        #expect(spec.banks.map(\.name) == ["nvm", "gtm"])
        #expect(spec.banks[0].ltmColumns == 1)
        // ⌈1000/128⌉ columns.
        let gtm = spec.banks[1]
        #expect((gtm.gtmCells, gtm.tiles, gtm.rows, gtm.columns) == (1000, 1, 128, 8))
        #expect(spec.matrixTiles == 96)
    }

    @Test func theHybridHasADigitalBank() throws {
        let banks = try ResolvedSpec(chipFile: ShippedSpecs.chip("hybrid")).spec.banks
        #expect(banks.map(\.isDigital) == [false, true])
        #expect(banks[1].technology.bitsPerCell == 1)
    }
}

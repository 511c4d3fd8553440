import ChipCore
import Foundation
import Physics
import Synchronization
import TestSupport
import Testing

/// GTM and LTM (physics §10): what they are, and that what a host makes of them is right.
@Suite struct TuningColumnTests {
    // MARK: The estimator of ε_B

    /// ε̂ − ε_B of 1,000 chips, weight-proportional, with the standard error that physics §9 gives.
    private func errors(
        technology: CellTechnology, microsiemens: Double = 0, repeats: Int = 1,
        adcBits: Int? = nil
    ) throws -> [Double] {
        let spec = try TestSpec.chip(
            technology, tiles: 1, rows: 128, gtmCells: 1000, adcBits: adcBits,
            betweenChips: 0.1, withinChip: 0.2)
        return try (1 ... 1000).map { (serial: UInt32) in
            let bench = try TestBench(spec, serial: serial)
            try bench.takeLease()
            try bench.programReference(.gtm, microsiemens: microsiemens)
            let sum = try bench.readReference(repeats: repeats)
            #expect(sum.cells == 1000)
            #expect(sum.clipped == 0)
            let between = Fabrication(serial: serial, variation: spec.variation).betweenChip
            return sum.microamperes / sum.nominalMicroamperes - 1 - between
        }
    }

    /// Mean 0 and standard deviation `expected`, both at 99.9 %.
    private func check(_ errors: [Double], _ expected: Double) {
        let count = Double(errors.count)
        let mean = errors.reduce(0, +) / count
        #expect(abs(mean) < 3.29 * expected / count.squareRoot())
        let variance = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        #expect(abs(variance / (expected * expected) - 1) < 3.29 * (2 / count).squareRoot())
    }

    @Test func theEstimateIsUnbiasedWithinTheSpreadOfItsCells() throws {
        let errors = try errors(technology: TestSpec.technology())
        check(errors, 0.2 / 1000.0.squareRoot())
    }

    /// se² = [σ_W² + (σ_p·G_on/w)² + (σ(w)/w)²·(1 + σ_W²)/R]/n + LSB²/(12·columns).
    @Test func programmingReadNoiseAndConverterAddToIt() throws {
        let errors = try errors(
            technology: TestSpec.technology(noise: 0.4, programming: 0.1), microsiemens: 12,
            repeats: 4, adcBits: 10)
        let programming = 0.1 * 20 / 12
        let cells = 0.2 * 0.2 + programming * programming + 0.4 * 0.4 * 1.04 / 4
        let lsb = 2.5 / 1023
        check(errors, (cells / 1000 + lsb * lsb / (12 * 8)).squareRoot())
    }

    // MARK: The corrections

    private struct Setting: CustomStringConvertible {
        var model: Variation.Model
        var mapping: WeightEncoding.Mapping
        var isSigned = false
        var isBitSerial = false
        var ltmMicrosiemens = 0.0
        var description: String {
            "\(model), \(mapping), signed \(isSigned), bit-serial \(isBitSerial), \(ltmMicrosiemens)"
        }
    }

    /// Exact products, uncorrected and corrected ones of a chip with ε_B alone, and the scale that
    /// they are judged on: the largest raw sum.
    private func products(_ setting: Setting, serial: UInt32, age: Double = 0, drift: Double = 0)
        throws -> (exact: [Double], plain: [Double], corrected: [Double], scale: Double)
    {
        let spec = try TestSpec.chip(
            TestSpec.technology(ratio: 2, drift: drift), tiles: 64, ltmColumns: 3, gtmCells: 40,
            model: setting.model, betweenChips: 0.1)
        let bench = try TestBench(spec, serial: serial)
        try bench.takeLease()
        let (rows, columns, batch) = (40, 11, 3)
        let matrix = try bench.map(rows: rows, columns: columns, mapping: setting.mapping)
        let codes = (0 ..< rows * columns).map { Int16($0 * 37 % 255) - 127 }
        try bench.programReference(.gtm)
        try bench.programReference(.ltm(matrix: matrix.id), microsiemens: setting.ltmMicrosiemens)
        try bench.program(matrix.id, codes)
        let fresh = try bench.readReference()
        try bench.advance(seconds: age)
        let aged = try bench.readReference()

        let inputs = (0 ..< batch * rows).map { $0 * 29 % 127 - (setting.isSigned ? 60 : 0) }
        let product = try bench.multiply(
            MultiplyCommand(
                matrix: matrix.id,
                inputs: setting.isSigned
                    ? .signed(inputs.map { Int8($0) }) : .unsigned(inputs.map { UInt8($0) }),
                batch: batch, transposed: false, bitSerial: setting.isBitSerial, products: true,
                fullScaleMicroamperes: 0, includesLTM: true))
        guard case .products(let values) = product.values, let ltm = product.ltm else {
            preconditionFailure()
        }
        #expect(ltm.shape == [3, 2, setting.mapping == .differential ? 2 : 1, 3])

        let (on, wL) = (20.0, setting.ltmMicrosiemens == 0 ? 20 : setting.ltmMicrosiemens)
        let between = fresh.microamperes / fresh.nominalMicroamperes - 1
        let drifted = aged.microamperes / fresh.microamperes
        var (exact, plain, corrected, scale) = ([Double](), [Double](), [Double](), 0.0)
        for vector in 0 ..< batch {
            let x = inputs[vector * rows ..< (vector + 1) * rows]
            let reference = product.referencePerInput * Double(x.reduce(0, +))
            for column in 0 ..< columns {
                exact.append(
                    zip(x, 0 ..< rows).reduce(0) {
                        $0 + Double($1.0) * Double(codes[$1.1 * columns + column])
                    })
                let y = Double(values[vector * columns + column])
                plain.append(y)
                scale = max(scale, abs(y + reference))
                let raw = (y + reference) / drifted
                switch (setting.model, setting.mapping) {
                case (.weightProportional, _):
                    corrected.append(raw / (1 + between) - reference)
                case (.layerFixed, .offset):
                    // Of the column block's own LTM columns, averaged.
                    let first = (vector * 2 + column / 8) * 3
                    let sum = ltm.products[first ..< first + 3].reduce(0) { $0 + Double($1) } / 3
                    corrected.append(
                        raw - between * on / (wL + between * on) * sum / drifted - reference)
                default: corrected.append(raw - reference)
                }
            }
        }
        return (exact, plain, corrected, scale)
    }

    /// Exact where σ_W = σ_p = 0, without read noise, with ideal converters, no cell clipped at 0:
    /// within the rounding of Float32 sums. Uncorrected the same products are off by what they are.
    @Test(
        arguments: [
            Setting(model: .weightProportional, mapping: .differential),
            Setting(model: .weightProportional, mapping: .offset),
            Setting(model: .weightProportional, mapping: .offset, isSigned: true),
            Setting(model: .layerFixed, mapping: .differential),
            Setting(model: .layerFixed, mapping: .offset),
            Setting(model: .layerFixed, mapping: .offset, ltmMicrosiemens: 13),
            Setting(model: .layerFixed, mapping: .offset, isSigned: true, isBitSerial: true),
        ] as [Setting])
    private func theCorrectionIsExact(_ setting: Setting) throws {
        for serial: UInt32 in 1 ... 5 {
            let result = try products(setting, serial: serial)
            let between = Fabrication(
                serial: serial,
                variation: try Variation(model: setting.model, betweenChip: 0.1, withinChip: 0)
            ).betweenChip
            #expect(abs(between) > 0.005)
            for (exact, corrected) in zip(result.exact, result.corrected) {
                #expect(abs(corrected - exact) < 3e-6 * result.scale)
            }
            guard setting.model != .layerFixed || setting.mapping != .differential else { continue }
            let worst = zip(result.exact, result.plain).map { abs($0 - $1) }.max() ?? 0
            #expect(worst > 0.2 * abs(between) * result.scale)
        }
    }

    /// Cells of one age share the factor D = (T/t₀)^−ν, which the GTM shows.
    @Test(arguments: [WeightEncoding.Mapping.differential, .offset])
    func driftOfEqualAgeIsDividedOut(_ mapping: WeightEncoding.Mapping) throws {
        for model in [Variation.Model.weightProportional, .layerFixed] {
            let result = try products(
                Setting(model: model, mapping: mapping), serial: 3, age: 1e6, drift: 0.05)
            for (exact, corrected) in zip(result.exact, result.corrected) {
                #expect(abs(corrected - exact) < 1e-5 * result.scale)
            }
        }
    }

    // MARK: Cells like others

    /// Word lines of 16, cells of 3 tiles: 2 columns are full, the third holds 8 of 16.
    @Test func theGTMHasTheCellsThatItWasGiven() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), columns: 1, gtmCells: 40))
        try bench.takeLease()
        #expect(bench.spec.tiles == 32 + 64 + 3)
        try bench.programReference(.gtm)
        let written = try (96 ..< 99).map { tile in
            try bench.conductances(tile: tile).map { $0 == 20 }
        }
        #expect(written[0] == Array(repeating: true, count: 16))
        #expect(written[1] == Array(repeating: true, count: 16))
        #expect(written[2] == (0 ..< 16).map { $0 < 8 })
        let sum = try bench.readReference(repeats: 3)
        #expect(abs(sum.microamperes - 40 * 20 * 0.2) < 1e-4)
        #expect(sum.nominalMicroamperes == 40 * 20 * 0.2)
    }

    @Test func itsSumDriftsAsItsCells() throws {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(drift: 0.05), columns: 1, gtmCells: 40))
        try bench.takeLease()
        try bench.programReference(.gtm)
        try bench.advance(seconds: 1e5)
        let sum = try bench.readReference()
        let factor = pow(1e5, -0.05)
        #expect(abs(sum.microamperes / sum.nominalMicroamperes - factor) < 2e-5 * factor)
    }

    /// Signed converters of the data columns would clip what these hold with room to spare.
    @Test func theirConvertersAreUnsignedWithTwoAndAHalfTimesTheRange() throws {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(), ltmColumns: 1, gtmCells: 16, adcBits: 6))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8, weightBits: 2)
        try bench.programReference(.ltm(matrix: matrix.id))
        try bench.program(matrix.id, Array(repeating: 3, count: 128))
        let product = try bench.multiply(
            MultiplyCommand(
                matrix: matrix.id, inputs: .unsigned(Array(repeating: 255, count: 16)), batch: 1,
                transposed: false, bitSerial: false, products: true, fullScaleMicroamperes: 10,
                includesLTM: true))
        #expect(product.clipped == 8)
        let ltm = try #require(product.ltm)
        #expect(ltm.clipped == 0)
        // I₀ = FS/2.5 = 25.2 of 63 codes, hence code 25; κ·I₀ = 255·16·3·20/18.
        let nominal = 255.0 * 16 * 3 * 20 / 18
        for value in ltm.products { #expect(abs(Double(value) / nominal - 25 / 25.2) < 1e-6) }
        try bench.programReference(.gtm)
        let sum = try bench.readReference()
        #expect(abs(sum.microamperes / sum.nominalMicroamperes - 25 / 25.2) < 1e-6)
        #expect(sum.conversions == 1)
    }

    /// Var = Σ V²·σ²(g), each column and vector with a draw of its own.
    @Test func theirReadNoiseIsThatOfTheirCells() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(noise: 0.1), ltmColumns: 2))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8, weightBits: 2)
        try bench.programReference(.ltm(matrix: matrix.id))
        try bench.program(matrix.id, Array(repeating: 3, count: 128))
        let batch = 2000
        let product = try bench.multiply(
            MultiplyCommand(
                matrix: matrix.id, inputs: .unsigned(Array(repeating: 255, count: 16 * batch)),
                batch: batch, transposed: false, bitSerial: false, products: true,
                fullScaleMicroamperes: 0, includesLTM: true))
        let ltm = try #require(product.ltm)
        // κ·I of one column: 16 cells of 20 µS ± 10 % at 255 codes, 3 / 18 µS.
        let scale = 255.0 * 3 / 18
        let deviations = ltm.products.map { (Double($0) / scale - 320) / (2 * 4) }
        let variance = deviations.reduce(0) { $0 + $1 * $1 } / Double(deviations.count)
        #expect(abs(variance - 1) < 3.29 * (2 / Double(deviations.count)).squareRoot())
        for lag in [1, 2, 4] {
            let sum = zip(deviations, deviations.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(sum) < 3.29 * Double(deviations.count).squareRoot())
        }
    }

    /// In wires the sums are those of the whole tile, LTM columns and unused cells included.
    @Test func inWiresTheyLoadTheTileAsOthersDo() throws {
        let wires = try WireResistances(
            driverOhm: 1000, rowWireOhm: 50, columnWireOhm: 80, senseOhm: 500)
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(), ltmColumns: 2, wires: wires))
        try bench.takeLease()
        let matrix = try bench.map(rows: 12, columns: 5, weightBits: 2, mapping: .offset)
        try bench.programReference(.ltm(matrix: matrix.id), microsiemens: 15)
        try bench.program(matrix.id, (0 ..< 60).map { Int16($0 % 3) - 1 })
        let codes = (0 ..< 12).map { UInt8($0 * 20) }
        let product = try bench.multiply(
            MultiplyCommand(
                matrix: matrix.id, inputs: .unsigned(codes), batch: 1, transposed: false,
                bitSerial: false, products: true, fullScaleMicroamperes: 0, includesLTM: true))
        guard case .products(let values) = product.values, let ltm = product.ltm else {
            preconditionFailure()
        }
        let nodal = NodalNetwork(16, 10, try bench.conductances(tile: matrix.tiles[0]), wires)
        let volts = codes.map { Double($0) * 0.2 / 255 } + [0, 0, 0, 0]
        let currents = nodal.currents(
            nodal.potentials(rowVolts: volts, columnVolts: Array(repeating: 0, count: 10)),
            intoColumns: true)
        let kappa = 3 / (18 * 0.2 / 255)
        let reference = product.referencePerInput * Double(codes.reduce(0) { $0 + Int($1) })
        for (index, value) in (values.map { Double($0) + reference }).enumerated() {
            #expect(abs(value - kappa * currents[index]) < 1e-4 * abs(value))
        }
        for (index, value) in ltm.products.enumerated() {
            #expect(abs(Double(value) - kappa * currents[8 + index]) < 1e-4 * Double(value))
        }
    }

    @Test func withoutThemAProductHasTheSameBits() throws {
        let product = { (ltm: Bool) in
            let bench = try TestBench(
                TestSpec.chip(TestSpec.technology(noise: 0.1), ltmColumns: 2, adcBits: 10))
            try bench.takeLease()
            let matrix = try bench.map(rows: 20, columns: 12)
            try bench.programReference(.ltm(matrix: matrix.id))
            try bench.program(matrix.id, (0 ..< 240).map { Int16($0) - 120 })
            return try bench.multiply(
                MultiplyCommand(
                    matrix: matrix.id, inputs: .unsigned((0 ..< 60).map { UInt8($0 * 4) }),
                    batch: 3, transposed: false, bitSerial: false, products: true,
                    fullScaleMicroamperes: 0, includesLTM: ltm))
        }
        let (with, without) = (try product(true), try product(false))
        guard case .products(let a) = with.values, case .products(let b) = without.values else {
            preconditionFailure()
        }
        #expect(a == b)
        #expect(without.ltm == nil)
        #expect(with.conversions == without.conversions)
    }

    // MARK: State

    @Test func whatTheyHoldIsStored() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), ltmColumns: 1, gtmCells: 20))
        try bench.takeLease()
        let matrix = try bench.map(rows: 20, columns: 12)
        #expect(bench.status.gtmMicrosiemens == 0)
        try bench.programReference(.gtm, microsiemens: 11)
        try bench.programReference(.ltm(matrix: matrix.id), microsiemens: 12)
        let (digest, sum) = (bench.status.stateDigest, try bench.readReference())
        try bench.restart()
        #expect(bench.status.stateDigest == digest)
        #expect(bench.status.gtmMicrosiemens == 11)
        #expect(bench.status.matrices[0].ltmMicrosiemens == 12)
        #expect(try bench.readReference().microamperes == sum.microamperes)
        #expect(bench.chip.health(now: bench.now).pulses == 20 + 20 * 2 * 8)
    }

    /// A cancelled write leaves cells of two kinds: they are no reference.
    @Test func aHalfWrittenOneCountsAsNotProgrammed() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), columns: 1, gtmCells: 40))
        try bench.takeLease()
        try bench.programReference(.gtm)
        let asked = Counter()
        let work = WorkContext(now: bench.now, isCancelled: { asked.next() > 2 })
        let reply = try bench.change(
            .programReference(ReferenceCommand(target: .gtm, microsiemens: 10)), work: work)
        #expect(reply.effect == .partial)
        #expect(bench.status.gtmMicrosiemens == 0)
        #expect(throws: ChipFault.self) { try bench.readReference() }
    }

    @Test func aDeadBitLineSilencesItsSum() throws {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(noise: 0.1), tiles: 1, ltmColumns: 2))
        try bench.takeLease()
        let matrix = try bench.map(
            rows: 16, columns: 8, weightBits: 2, mapping: .offset)
        try bench.programReference(.ltm(matrix: matrix.id))
        try bench.program(matrix.id, Array(repeating: 1, count: 128))
        // All ten of them.
        _ = try bench.chip.simulate(
            .fault(
                FaultCommand(
                    kind: .deadBitLine, bank: "", tiles: [0], amount: .count(10), seed: 1)),
            work: bench.work)
        let product = try bench.multiply(
            MultiplyCommand(
                matrix: matrix.id, inputs: .unsigned(Array(repeating: 9, count: 16)), batch: 1,
                transposed: false, bitSerial: false, products: true, fullScaleMicroamperes: 0,
                includesLTM: true))
        #expect(try #require(product.ltm).products == [0, 0])
    }

    // MARK: Refusals

    @Test func whatCannotBeIsRefused() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), ltmColumns: 1, gtmCells: 20))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8)
        let digital = try bench.map(rows: 16, columns: 8, bank: "sram")
        try bench.program(matrix.id, Array(repeating: 1, count: 128))
        try bench.program(digital.id, Array(repeating: 1, count: 128))
        func refusal(_ body: () throws -> Void) -> String {
            do {
                try body()
                return "none"
            } catch let fault as ChipFault {
                return fault.message
            } catch {
                return "\(error)"
            }
        }
        func multiply(_ id: UInt32, transposed: Bool = false) -> String {
            refusal {
                _ = try bench.multiply(
                    MultiplyCommand(
                        matrix: id,
                        inputs: .unsigned(Array(repeating: 1, count: transposed ? 8 : 16)),
                        batch: 1, transposed: transposed, bitSerial: false, products: true,
                        fullScaleMicroamperes: 0, includesLTM: true))
            }
        }
        #expect(multiply(matrix.id).contains("never programmed, or not wholly"))
        #expect(multiply(digital.id).contains("no LTM columns"))
        #expect(refusal { _ = try bench.readReference() }.contains("GTM was never programmed"))
        try bench.programReference(.ltm(matrix: matrix.id))
        #expect(multiply(matrix.id, transposed: true).contains("false where transpose is true"))
        #expect(
            refusal { try bench.programReference(.gtm, microsiemens: 21) }
                .contains("… 20.0"))
        #expect(
            refusal { try bench.programReference(.ltm(matrix: digital.id)) }.contains("has none"))
        #expect(
            refusal { _ = try bench.map(rows: 4, columns: 4, bank: "gtm") }.contains("GTM"))
        let plain = try TestBench(TestSpec.chip(TestSpec.technology()))
        try plain.takeLease()
        #expect(refusal { try plain.programReference(.gtm) } == "the chip has no GTM")
    }
}

/// Counts how often it was asked.
private final class Counter: Sendable {
    private let value = Mutex(0)
    func next() -> Int {
        value.withLock {
            $0 += 1
            return $0
        }
    }
}

extension TestBench {
    var status: ChipStatus { chip.status(session: session, now: now) }

    func programReference(_ target: ReferenceCommand.Target, microsiemens: Double = 0) throws {
        try change(.programReference(ReferenceCommand(target: target, microsiemens: microsiemens)))
    }

    func readReference(repeats: Int = 1) throws -> ReferenceSum {
        let reply = try chip.sample(.readReference(repeats: repeats), work: work)
        guard case .reference(let sum) = reply.result else { preconditionFailure() }
        return sum
    }
}

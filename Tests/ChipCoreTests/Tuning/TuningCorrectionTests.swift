import ChipCore
import Physics
import Testing

@Suite("What a host makes of GTM and LTM (T-1 … T-6) is right")
struct TuningCorrectionTests {
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
}

import Physics
import Testing

/// The cells of firmware-specs/devices, with their verify reads.
struct Cells: CustomTestStringConvertible, Sendable {
    var name: String
    var bits: Int
    var onOhm: Double
    var onOffRatio: Double
    var driftCoefficient: Double
    var readRelative: Double
    var readConstant: Double
    var verifyReads: Int
    var programmingNoise = 0.1

    var testDescription: String { name }

    static let feFET = Cells(
        name: "FeFET", bits: 4, onOhm: 222_220, onOffRatio: 100, driftCoefficient: 0.1,
        readRelative: 0.05, readConstant: 0, verifyReads: 4)
    static let pcmOne = Cells(
        name: "PCM-i", bits: 4, onOhm: 250_000, onOffRatio: 40, driftCoefficient: 0.04,
        readRelative: 0.03, readConstant: 0.13, verifyReads: 16)
    static let pcmTwo = Cells(
        name: "PCM-ii", bits: 4, onOhm: 125_000, onOffRatio: 80, driftCoefficient: 0.04,
        readRelative: 0.03, readConstant: 0.13, verifyReads: 8)
    static let rram = Cells(
        name: "RRAM", bits: 4, onOhm: 50_000, onOffRatio: 10, driftCoefficient: 0.04,
        readRelative: 0.1, readConstant: 0, verifyReads: 16)
    static let rramTwoBits = Cells(
        name: "RRAM-2b", bits: 2, onOhm: 50_000, onOffRatio: 10, driftCoefficient: 0.04,
        readRelative: 0.1, readConstant: 0, verifyReads: 16)
    /// G_off exactly 0.
    static let open = Cells(
        name: "infinite ratio", bits: 4, onOhm: 50_000, onOffRatio: .infinity,
        driftCoefficient: 0.04, readRelative: 0.1, readConstant: 0, verifyReads: 16)

    static let published = [feFET, pcmOne, pcmTwo, rram, rramTwoBits]

    func technology() throws -> CellTechnology {
        try CellTechnology(
            name: name, storage: .analog, bitsPerCell: bits,
            window: ConductanceWindow(
                on: .microsiemens(1e6 / onOhm), onOffRatio: onOffRatio),
            drift: PowerLawDrift(
                coefficient: driftCoefficient, coefficientSpread: 0.2 * driftCoefficient,
                referenceAgeSeconds: 1),
            readNoise: ReadNoise(relative: readRelative, constantMicrosiemens: readConstant),
            programmingNoise: programmingNoise,
            writeVerify: WriteVerifyParameters(verifyReads: verifyReads),
            cost: CellCost(
                programPulseNanoseconds: 100, programPulsePicojoules: 10,
                readPulseNanoseconds: 10, verifyReadPicojoules: 0.01))
    }
}

extension Variation {
    static func none() throws -> Variation {
        try Variation(model: .layerFixed, betweenChip: 0, withinChip: 0)
    }
}

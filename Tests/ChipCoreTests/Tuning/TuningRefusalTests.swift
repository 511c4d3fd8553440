import ChipCore
import Physics
import Testing

@Suite("What cannot be done with references is refused")
struct TuningRefusalTests {
    private func bench() throws -> TestBench {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), ltmColumns: 1, gtmCells: 20))
        try bench.takeLease()
        return bench
    }

    private func message(_ body: () throws -> Void) throws -> String {
        try refusal(body)?.message ?? "none"
    }

    @Test func sumsThatThereAreNot() throws {
        let bench = try bench()
        let matrix = try bench.map(rows: 16, columns: 8)
        let digital = try bench.map(rows: 16, columns: 8, bank: "sram")
        try bench.program(matrix.id, Array(repeating: 1, count: 128))
        try bench.program(digital.id, Array(repeating: 1, count: 128))
        func multiply(_ id: UInt32, transposed: Bool = false) throws -> String {
            try message {
                _ = try bench.multiply(
                    MultiplyCommand(
                        matrix: id,
                        inputs: .unsigned(Array(repeating: 1, count: transposed ? 8 : 16)),
                        batch: 1, transposed: transposed, bitSerial: false, products: true,
                        fullScaleMicroamperes: 0, includesLTM: true))
            }
        }
        #expect(try multiply(matrix.id).contains("never programmed, or not wholly"))
        #expect(try multiply(digital.id).contains("no LTM columns"))
        #expect(
            try message { _ = try bench.readReference() }.contains("GTM was never programmed"))
        try bench.programReference(.ltm(matrix: matrix.id))
        #expect(try multiply(matrix.id, transposed: true).contains("false where transpose is true"))
        #expect(
            try message { try bench.programReference(.ltm(matrix: digital.id)) }
                .contains("has none"))
        #expect(
            try message { _ = try bench.map(rows: 4, columns: 4, bank: "gtm") }.contains("GTM"))
        let plain = try TestBench(TestSpec.chip(TestSpec.technology()))
        try plain.takeLease()
        let refused = try refusal { try plain.programReference(.gtm) }
        #expect(refused?.message == "the chip has no GTM")
        #expect(refused?.reason == .noSuchBank)
        #expect(try refusal { _ = try plain.readReference() }?.reason == .noSuchBank)
    }

    /// The window is 2 … 20 µS.
    @Test(
        arguments: [
            (-1, "-1.0"), (1.99, "1.99"), (20.01, "20.01"), (1e300, "1e+300"), (.nan, "nan"),
            (.infinity, "inf"), (-.infinity, "-inf"),
        ] as [(Double, String)])
    func conductancesOutsideTheWindow(microsiemens: Double, said: String) throws {
        let bench = try bench()
        let matrix = try bench.map(rows: 16, columns: 8)
        let digest = bench.status.stateDigest
        for target in [ReferenceCommand.Target.gtm, .ltm(matrix: matrix.id)] {
            let refused = try refusal {
                try bench.programReference(target, microsiemens: microsiemens)
            }
            #expect(refused?.code == .outOfRange)
            #expect(refused?.reason == .field)
            #expect(refused?.message == "conductance_us is \(said); allowed: 0, or 2.0 … 20.0")
        }
        #expect(bench.status.stateDigest == digest)
        #expect(bench.chip.health(now: bench.now).pulses == 0)
    }

    /// 0 stands for G_on; the ends of the window belong to it.
    @Test(arguments: [(0, 20), (2, 2), (20, 20)] as [(Double, Double)])
    func conductancesInsideIt(asked: Double, written: Double) throws {
        let bench = try bench()
        let report = try bench.programReference(.gtm, microsiemens: asked)
        #expect(abs(report.microsiemens - written) < 1e-9)
        #expect(try bench.conductances(tile: bench.gtmTile)[0] == written)
    }
}

import Foundation
import Physics
import TestSupport
import Testing

/// Cells on random levels of a technology, some open.
func randomConductances(
    _ cells: Cells, count: Int, open: Double = 0, generator: inout SeededGenerator
) throws -> [Double] {
    let technology = try cells.technology()
    let on = technology.window.on.microsiemens
    let off = on / cells.onOffRatio
    let top = Double(technology.levels - 1)
    return (0 ..< count).map { _ in
        let level = Double(Int.random(in: 0 ..< technology.levels, using: &generator))
        return Double.random(in: 0 ..< 1, using: &generator) < open
            ? 0 : off + level / top * (on - off)
    }
}

/// Largest |a − b| over the largest |b|.
func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count)
    let scale = b.reduce(0) { max($0, abs($1)) }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
}

/// Largest |a/b − 1|; b must not be 0.
func largestRatioError(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count)
    return zip(a, b).reduce(0) { max($0, abs($1.0 / $1.1 - 1)) }
}

/// A network that a circuit simulator solved.
struct CrossbarOracle: Decodable {
    let rows: Int
    let columns: Int
    let driverOhm: Double
    let rowWireOhm: Double
    let columnWireOhm: Double
    let senseOhm: Double
    let conductanceRows: [[Double]]
    let inputs: [Double]
    let outputs: [Double]
    /// Columns × rows.
    let effective: [[Double]]

    enum CodingKeys: String, CodingKey {
        case rows, columns
        case driverOhm = "r_driver_ohm"
        case rowWireOhm = "r_wire_row_ohm"
        case columnWireOhm = "r_wire_col_ohm"
        case senseOhm = "r_sense_ohm"
        case conductanceRows = "conductance_uS"
        case inputs = "input_V"
        case outputs = "output_uA"
        case effective = "effective_uS_columns_by_rows"
    }

    static let folder: URL? = ProcessInfo.processInfo.environment["NVCIM_ORACLES"]
        .map { URL(fileURLWithPath: $0).appendingPathComponent("crossbar") }

    static let names = [
        "2x2", "4x3-no-peripheral", "16x8-tall", "8x16-wide", "32x32", "64x64",
    ]

    init(name: String) throws {
        let folder = try #require(Self.folder)
        self = try JSONDecoder().decode(
            Self.self, from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
    }

    var conductances: [Double] { conductanceRows.flatMap { $0 } }

    func resistances() throws -> WireResistances {
        try WireResistances(
            driverOhm: driverOhm, rowWireOhm: rowWireOhm, columnWireOhm: columnWireOhm,
            senseOhm: senseOhm)
    }
}

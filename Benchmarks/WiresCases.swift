import CBLAS
import Foundation
import Physics

/// The exact effective matrix of a tile in its wires, RRAM cells, published resistances.
enum WiresCases {
    static let sides = [64, 128, 256]

    /// Milliseconds of a solution; floor: dense products in double precision with as many
    /// operations. `elimination_floor`: the same with the operations of block elimination, which
    /// is the usual exact method.
    static func solve(side: Int) throws {
        let conductances = (0 ..< side * side).map { 2 + 18 * Double($0 * 7919 % 16) / 15 }
        func tile() -> WiredTile {
            WiredTile(
                rows: side, columns: side, conductances: conductances, resistances: .published)
        }
        let operations = EffectiveMatrix.operationCount(rows: side, columns: side)
        let product = DenseProduct(side: side)
        var sum = 0.0
        let times = Timing.compare {
            sum += EffectiveMatrix(tile())[0, 0]
        } floor: {
            product.run()
        }
        guard sum > 0 else { throw BenchFault("a matrix of 0") }
        let floor = times.floor * operations / product.operations
        let elimination = times.floor * 2 * pow(Double(side), 4) / product.operations
        let wired = tile()
        let effective = EffectiveMatrix(wired)
        let transfers = Timing.compare {
            sum += CellTransfers(wired, effective: effective).alpha[0]
        } floor: {
        }
        Result(
            name: "wires-\(side)", value: times.work * 1e3, unit: "ms", floor: floor * 1e3,
            ratio: times.work / floor,
            more: [
                "operations": operations, "threads": 1,
                "elimination_floor": elimination * 1e3,
                "ratio_to_elimination": times.work / elimination,
                "noise_transfers_ms": transfers.work * 1e3,
            ]
        ).print()
    }
}

/// A bare double-precision product of square matrices on one thread.
private final class DenseProduct {
    let operations: Double
    private let side: Int
    private let a: [Double]
    private let b: [Double]
    private var c: [Double]

    init(side: Int) {
        openblas_set_num_threads(1)
        self.side = side
        operations = 2 * pow(Double(side), 3)
        a = (0 ..< side * side).map { Double($0 % 17) }
        b = (0 ..< side * side).map { Double($0 % 13) }
        c = a
    }

    func run() {
        let n = Int32(side)
        cblas_dgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, &c, n)
    }
}

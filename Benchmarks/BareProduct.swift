import CBLAS

/// A bare single-precision matrix product on one thread: the floor of `multiply`.
final class BareProduct {
    private let (batch, rows, columns): (Int, Int, Int)
    private let a: [Float]
    private let b: [Float]
    private var c: [Float]

    init(batch: Int, rows: Int, columns: Int) {
        openblas_set_num_threads(1)
        (self.batch, self.rows, self.columns) = (batch, rows, columns)
        a = (0 ..< batch * rows).map { Float($0 % 17) }
        b = (0 ..< rows * columns).map { Float($0 % 13) }
        c = Array(repeating: 0, count: batch * columns)
    }

    func run() {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(batch), Int32(columns), Int32(rows),
            1, a, Int32(rows), b, Int32(columns), 0, &c, Int32(columns))
    }
}

internal import CBLAS

/// Single-precision matrix products, through the one library of this module.
///
/// The order in which the library adds a sum depends on the processor and on the shape: equal
/// bits need the same machine and the same cut of the work, which is in fixed blocks.
enum MatrixProduct {
    /// The library's own threads would fight ours, which split the work between products.
    static let isSingleThreaded: Bool = {
        openblas_set_num_threads(1)
        return true
    }()

    /// out = a · b, or a · bᵀ: `a` is m × k, `b` is k × n (n × k if transposed), out m × n, all
    /// row-major.
    static func product(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, transposed: Bool, m: Int, n: Int,
        k: Int, into out: UnsafeMutablePointer<Float>
    ) {
        precondition(isSingleThreaded)
        if m == 1 {
            // One vector is a matrix × vector product: no packing of `b`.
            cblas_sgemv(
                CblasRowMajor, transposed ? CblasNoTrans : CblasTrans, Int32(transposed ? n : k),
                Int32(transposed ? k : n), 1, b, Int32(transposed ? k : n), a, 1, 0, out, 1)
            return
        }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, Int32(m), Int32(n),
            Int32(k), 1, a, Int32(k), b, Int32(transposed ? k : n), 0, out, Int32(n))
    }
}

/// Reference columns: the global tuning module (GTM), one a chip, and the columns of the layer
/// tuning modules (LTM) in each tile. Their cells all hold one conductance w, so that what they sum is known but
/// for what the chip does to it.
///
///     columns(n) = ⌈n/rows⌉                       columns that n cells fill        (T-1)
///     I₀ = rows·V_read·w                          one column, every line at V_read (T-2)
///     FS = 2.5·I₀                                 of their converters, unsigned    (T-3)
///
/// The sum of a GTM is Σ_j LSB·code_j over its columns (T-4), that of the LTM columns of a product
/// κ·Σ_s L^s·I_s over row tiles (T-5); of n cells and R reads M has the standard error
///
///     se² = [σ_W² + (σ_p·G_on/w)² + (σ(w)/w)²·(1 + σ_W²)/R]/n + LSB²/(12·columns)    (T-6)
///
/// | symbol | meaning                                | unit |
/// |--------|----------------------------------------|------|
/// | n      | cells                                  | –    |
/// | rows   | cells of a column that are driven      | –    |
/// | V_read | voltage of the largest input code      | V    |
/// | w      | conductance that they were written to  | µS   |
/// | I₀     | nominal sum                            | µA   |
/// | FS     | full scale                             | µA   |
///
/// - Validity: cells in `gtmCellsRange`, columns in `ltmColumnsRange`.
/// - Edge cases: the data columns' full scale would clip them; with 2.5 (chosen) a chip clips from
///   ε_B = 1.5 on.
/// - Source: firmware-specs/device.md (T-1) … (T-3); deng2022qavat (GTM, LTM).
public enum TuningColumns {
    /// Cells of a GTM (Deng and Orshansky 2022: 10³, and 10⁵ where the variation is large).
    public static let gtmCellsRange = 1 ... 100_000
    /// LTM columns of a tile (the same: 1, 8, 16); 0: none.
    public static let ltmColumnsRange = 0 ... 16

    /// (T-1).
    public static func columns(cells: Int, rows: Int) -> Int { (cells + rows - 1) / rows }

    private static let headroom = 2.5

    /// (T-2), of a column of which `rows` cells are driven.
    public static func nominal(rows: Int, readVoltage: Double, conductance: Conductance) -> Double {
        Double(rows) * readVoltage * conductance.microsiemens
    }

    /// (T-3).
    public static func fullScale(nominalMicroamperes: Double) -> Double {
        headroom * nominalMicroamperes
    }
}

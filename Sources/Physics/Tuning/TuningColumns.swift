/// Reference columns: the global tuning module (GTM), one a chip, and the local tuning columns
/// (LTM) of each tile. Their cells all hold one conductance w, so that what they sum is known but
/// for what the chip does to it.
///
///     columns(n) = ⌈n/rows⌉                       columns that n cells fill        (T-1)
///     I₀ = rows·V_read·w                          one column, every line at V_read (T-2)
///     FS = 2.5·I₀                                 of their converters, unsigned    (T-3)
///
/// | symbol | meaning                                | unit |
/// |--------|----------------------------------------|------|
/// | n      | cells                                  | –    |
/// | w      | conductance that they were written to  | µS   |
/// | I₀     | nominal sum                            | µA   |
/// | FS     | full scale                             | µA   |
///
/// - Edge cases: the data columns' full scale would clip them; 2.5 leaves room for ε_B up to 1.5.
/// - Source: physics §10; Deng and Orshansky 2022 (GTM, LTM).
public enum TuningColumns {
    /// Cells of a GTM (Deng and Orshansky 2022: 10³, and 10⁵ where the variation is large).
    public static let gtmCellsRange = 1 ... 100_000
    /// LTM columns of a tile (the same: 1, 8, 16); 0: none.
    public static let ltmColumnsRange = 0 ... 16

    /// (T-1).
    public static func columns(cells: Int, rows: Int) -> Int { (cells + rows - 1) / rows }

    /// (T-2), of a column of which `rows` cells are driven.
    public static func nominal(rows: Int, readVoltage: Double, conductance: Conductance) -> Double {
        Double(rows) * readVoltage * conductance.microsiemens
    }

    /// (T-3).
    public static func fullScale(nominalMicroamperes: Double) -> Double {
        2.5 * nominalMicroamperes
    }
}

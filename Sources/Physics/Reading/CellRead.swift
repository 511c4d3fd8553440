/// Read pulses on single cells, averaged, without ADC.
///
///     g_read = max(0, g(t) + σ(g)/√R · z)                           (N-2)
///
/// R independent Gaussian reads have exactly this mean; a read conductance is never negative.
///
/// - Random: `DrawField.cellRead`, one normal a cell.
/// - Source: physics §4, §7.
public enum CellRead {
    public static func read(
        conductances: [Float], noise: ReadNoise, repeats: Int, draws: EventDraws, firstCell: UInt64
    ) -> [Float] {
        precondition(repeats > 0)
        if noise == .none { return conductances }
        let normals = draws.normals(.cellRead, first: firstCell, count: conductances.count)
        let scale = 1 / Float(repeats).squareRoot()
        return zip(conductances, normals).map { g, z in
            max(0, g + noise.deviation(g) * scale * z)
        }
    }
}

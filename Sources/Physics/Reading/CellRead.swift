/// Read pulses on single cells, averaged, without ADC.
///
///     g_read = g(t) + σ(g)/√R · z                                   (N-2)
///
/// | symbol  | meaning                            | unit     |
/// |---------|------------------------------------|----------|
/// | g(t)    | conductance now, aged by (D-1)     | µS       |
/// | R       | reads averaged                     | reads    |
/// | z       | standard normal                    | unitless |
///
/// The mean of R independent Gaussian reads has exactly this law.
///
/// - Shape: one entry a cell; entry k belongs to cell firstCell + k of the chip.
/// - Edge cases: the noise is that of a measured current, so a read of a nearly open cell may be
///   negative. Clipping it at 0 would make the mean of many reads wrong, and products, which add
///   the same currents, do not clip.
/// - Random: `DrawField.cellRead`, one normal a cell.
/// - Source: firmware-specs/device.md (N-2).
public enum CellRead {
    public static func read(
        conductances: [Float], noise: ReadNoise, repeats: Int, draws: EventDraws, firstCell: UInt64
    ) -> [Float] {
        precondition(repeats > 0)
        if noise == .none { return conductances }
        let normals = draws.normals(.cellRead, first: firstCell, count: conductances.count)
        let scale = 1 / Float(repeats).squareRoot()
        return zip(conductances, normals).map { g, z in
            g + noise.deviation(g) * scale * z
        }
    }
}

/// The ADC's full scale of a matrix, found digitally from calibration inputs.
///
/// A differential column's current in row block b and slice s is
///
///     I_j = Σ_{i∈b} V_i·(g⁺_ij − g⁻_ij)
///         = (V_read/c_max)·(G_on − G_off)/(L − 1) · Σ_{i∈b} c_i·sign(q_ij)·d_s(q_ij)
///
/// with c_max = 2^b_in − 1 and d_s the digits of `BitSlices`. An offset column has
/// no sign, and G_off/(G_on − G_off)·(L − 1) more than its digit in each cell.
/// Signed inputs come in two phases, one of each sign. Transposed, columns drive
/// the lines and each row of a column block is converted. The full scale is
///
///     FS = margin·Q_p(|I_j|) + z·σ_I
///     σ_I² = max over calibration vectors Σ_{i∈b} V_i²·(2·σ_p² + σ(G_on)² + σ(G_off)²)/2
///
/// Q_p is the quantile p of |I_j| over all vectors, columns, row blocks and
/// slices, p = 1 the largest; σ_p is the spread that programming leaves and σ(g)
/// the noise of a read: z·σ_I keeps their sum inside the range too. Everything
/// is in the data sheet; nothing of the chip itself is used.
public struct ConverterRange: Equatable, Sendable {
    /// p.
    public var quantile: Double
    public var margin: Double
    /// z.
    public var deviations: Double

    /// Defaults chosen on training images: a range that never clips wastes the
    /// ADC's bits on a few rare currents.
    public init(quantile: Double = 0.9999, margin: Double = 1, deviations: Double = 2) {
        precondition((0 ... 1).contains(quantile) && margin > 0 && deviations >= 0)
        self.quantile = quantile
        self.margin = margin
        self.deviations = deviations
    }

    /// FS in µA for a matrix with these weight codes.
    ///
    /// - Parameters:
    ///   - inputs: codes, Float32 [vectors, rows]; transposed [vectors, columns].
    ///   - method: how the weights are written.
    public func fullScale(
        _ codes: WeightCodes, slices: BitSlices, inputs: Tensor, sheet: ChipDataSheet,
        method: ProgramOptions.Method, isTransposed: Bool = false
    ) throws -> Double {
        let unit = Self.currentUnit(sheet)
        let phases =
            try inputs.minimum() < 0
            ? [try inputs.rectified(), try inputs.scaled(by: -1).rectified()] : [inputs]
        let base =
            slices.mapping == .offset
            ? sheet.offConductance / (sheet.onConductance - sheet.offConductance)
                * Double(slices.levels - 1) : 0
        let blocks =
            isTransposed
            ? Self.blocks(codes.columns, of: sheet.columns)
            : Self.blocks(codes.rows, of: sheet.rows)
        let parts = slices.slices * blocks.count * phases.count
        let outputs = isTransposed ? codes.rows : codes.columns
        var magnitudes = LargestValues(quantile, of: inputs.shape[0] * outputs * parts)
        for slice in 0 ..< slices.slices {
            let all = try Self.digits(codes, slices, slice: slice).scaled(by: 1, offset: base)
            let digits = isTransposed ? try all.permuted([1, 0]) : all
            for block in blocks {
                let cells = try digits.narrowed(block)
                for phase in phases {
                    let part = try phase.narrowed(block, dimension: 1)
                    magnitudes.add(try part.matrixProduct(cells).absolute().floats())
                }
            }
        }
        let current = Double(magnitudes.smallest()) * unit
        let noise = try noise(inputs, blocks: blocks, sheet: sheet, method)
        let fullScale = margin * current + deviations * noise
        // A layer of zeros still needs a range: one step of one cell.
        return max(fullScale, unit * Double((1 << sheet.dacBits) - 1))
    }

    /// µA of one input code on one step between levels.
    public static func currentUnit(_ sheet: ChipDataSheet) -> Double {
        let voltage = sheet.readVoltage / Double((1 << sheet.dacBits) - 1)
        return voltage * (sheet.onConductance - sheet.offConductance) / Double(sheet.levels - 1)
    }

    /// What of a side of a matrix lies in each tile.
    public static func blocks(_ side: Int, of tile: Int) -> [Range<Int>] {
        stride(from: 0, to: side, by: tile).map { $0 ..< min(side, $0 + tile) }
    }

    /// Digits of a slice: Float32 [rows, columns].
    static func digits(_ codes: WeightCodes, _ slices: BitSlices, slice: Int) throws -> Tensor {
        try .floats(
            codes.values.map { Float(slices.digit($0, slice: slice)) },
            shape: [codes.rows, codes.columns])
    }

    /// σ_I in µA: the largest over blocks and calibration vectors; that of a pair
    /// also for a cell with an offset.
    private func noise(
        _ inputs: Tensor, blocks: [Range<Int>], sheet: ChipDataSheet,
        _ method: ProgramOptions.Method
    ) throws -> Double {
        guard deviations > 0 else { return 0 }
        func readNoise(_ conductance: Double) -> Double {
            sheet.readNoiseRelative * conductance + sheet.readNoiseConstant
        }
        let spread =
            (method == .openLoop ? sheet.programmingSpread : sheet.verifyTolerance)
            * sheet.onConductance
        let variance =
            spread * spread
            + (readNoise(sheet.onConductance) * readNoise(sheet.onConductance)
                + readNoise(sheet.offConductance) * readNoise(sheet.offConductance)) / 2
        let voltage = sheet.readVoltage / Double((1 << sheet.dacBits) - 1)
        var largest = 0.0
        for block in blocks {
            let part = try inputs.narrowed(block, dimension: 1)
            let squares = try part.multiplied(by: part).matrixProduct(
                .full(1, shape: [block.count, 1]))
            largest = max(largest, try squares.maximum())
        }
        return voltage * (largest * variance).squareRoot()
    }
}

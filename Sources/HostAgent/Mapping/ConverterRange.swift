/// The ADC's full scale of a matrix, found digitally from calibration inputs.
///
/// A differential column's current in row block b and slice s is
///
///     I_j = Σ_{i∈b} V_i·(g⁺_ij − g⁻_ij)
///         = (V_read/c_max)·(G_on − G_off)/(L − 1) · Σ_{i∈b} c_i·sign(q_ij)·d_s(q_ij)
///
/// with c_max = 2^b_in − 1 and d_s the digits of `BitSlices`. The full scale is
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
    /// - Parameter inputs: codes, Float32 [vectors, rows].
    public func fullScale(
        _ codes: WeightCodes, slices: BitSlices, inputs: Tensor, sheet: ChipDataSheet
    ) throws -> Double {
        let unit = Self.currentUnit(sheet)
        var magnitudes: [Tensor] = []
        for block in Self.rowBlocks(codes.rows, tileRows: sheet.rows) {
            let part = try inputs.narrowed(block, dimension: 1)
            for slice in 0 ..< slices.slices {
                let digits = try Self.digits(codes, slices, slice: slice, rows: block)
                magnitudes.append(try part.matrixProduct(digits).absolute().reshaped([-1]))
            }
        }
        let all = try Tensor.concatenated(magnitudes).floats()
        let current = Double(Self.quantile(all, quantile)) * unit
        let noise = try noise(inputs, rows: codes.rows, sheet: sheet)
        let fullScale = margin * current + deviations * noise
        // A layer of zeros still needs a range: one step of one cell.
        return max(fullScale, unit * Double((1 << sheet.dacBits) - 1))
    }

    /// µA of one input code on one step between levels.
    public static func currentUnit(_ sheet: ChipDataSheet) -> Double {
        let voltage = sheet.readVoltage / Double((1 << sheet.dacBits) - 1)
        return voltage * (sheet.onConductance - sheet.offConductance) / Double(sheet.levels - 1)
    }

    /// Rows of each tile that a matrix's rows fill.
    public static func rowBlocks(_ rows: Int, tileRows: Int) -> [Range<Int>] {
        stride(from: 0, to: rows, by: tileRows).map { $0 ..< min(rows, $0 + tileRows) }
    }

    /// Signed digits of a slice: Float32 [block rows, columns].
    static func digits(
        _ codes: WeightCodes, _ slices: BitSlices, slice: Int, rows: Range<Int>
    ) throws -> Tensor {
        let part = codes.values[rows.lowerBound * codes.columns ..< rows.upperBound * codes.columns]
        return try .floats(
            part.map { Float(slices.digit($0, slice: slice)) }, shape: [rows.count, codes.columns])
    }

    /// The smallest value that at least the share `p` of all doesn't exceed.
    public static func quantile(_ values: [Float], _ p: Double) -> Float {
        guard !values.isEmpty else { return 0 }
        let rank = max(1, Int((p * Double(values.count)).rounded(.up)))
        if rank == values.count { return values.max() ?? 0 }
        return values.sorted()[rank - 1]
    }

    /// σ_I in µA: the largest over row blocks and calibration vectors.
    private func noise(_ inputs: Tensor, rows: Int, sheet: ChipDataSheet) throws -> Double {
        guard deviations > 0 else { return 0 }
        func readNoise(_ conductance: Double) -> Double {
            sheet.readNoiseRelative * conductance + sheet.readNoiseConstant
        }
        let spread = sheet.verifyTolerance * sheet.onConductance
        let variance =
            spread * spread
            + (readNoise(sheet.onConductance) * readNoise(sheet.onConductance)
                + readNoise(sheet.offConductance) * readNoise(sheet.offConductance)) / 2
        let voltage = sheet.readVoltage / Double((1 << sheet.dacBits) - 1)
        var largest = 0.0
        for block in Self.rowBlocks(rows, tileRows: sheet.rows) {
            let part = try inputs.narrowed(block, dimension: 1)
            let squares = try part.multiplied(by: part).matrixProduct(
                .full(1, shape: [block.count, 1]))
            largest = max(largest, try squares.maximum())
        }
        return voltage * (largest * variance).squareRoot()
    }
}

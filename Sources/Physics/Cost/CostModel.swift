/// The cost of operations, in the style of DNN+NeuroSim: counts times unit costs.
///
/// Tiles work in parallel, steps one after the other. In a step the n_mux columns of a converter
/// take turns; in each turn the lines are driven anew, the cells of the column conduct for t_read,
/// and the current is converted.
///
///     t_product = steps·n_mux·(t_read + t_conv + b·t_bit) + bytes·t_byte               (K-1)
///     E_array   = t_read·Σ V²·g                                                        (K-2)
///     E_lines   = n_mux·(driven·(n_cells·E_cell + E_active) + steps·lines·E_idle)      (K-3)
///     E_ADC     = conversions·((2^b − 1)·E_level + b·E_bit + n_lines·E_mux)            (K-4)
///     E_add     = conversions·(b + 3)·E_add-bit                                        (K-5)
///     t_program = ⌈pulses/n_parallel⌉·t_pulse,  E_program = pulses·E_pulse             (K-6)
///
/// | symbol          | meaning                                                       |
/// |-----------------|---------------------------------------------------------------|
/// | driven          | lines with a voltage above 0, over all steps and tiles        |
/// | lines           | input lines of all tiles                                      |
/// | n_cells         | cells of one input line                                       |
/// | n_lines         | input lines of one tile: cells of a column                    |
/// | b + 3           | bits of the accumulator: room for eight conversions           |
///
/// - Edge cases: one column a converter has no multiplexer, E_mux = 0; an ideal converter has
///   neither turns nor cost, so that t_product = steps·t_read + bytes·t_byte and n_mux = 1.
///   Adding up is hidden behind the next conversion and takes no time.
///   To a digital bank a pulse is the writing of one bit and a read that of one bit; as many at
///   once as in other banks.
/// - Postconditions: no part falls when any count grows; of two operations one after the other
///   the parts are the sums.
/// - Validity: E_level to about 6 bits of a flash converter, beyond which it grows faster.
/// - Source: firmware-specs/device.md (K-1) … (K-6); peng2019neurosim, peng2020neurosim.
public struct CostModel: Sendable {
    /// Bits of the accumulator above those of a conversion: room for eight phases of an 8-bit
    /// input, as in the array of NeuroSim that the unit costs come from.
    private static let carryBits = 3

    private let cell: CellCost
    private let periphery: PeripheryCost

    public init(cell: CellCost, periphery: PeripheryCost) {
        self.cell = cell
        self.periphery = periphery
    }

    public func product(_ activity: ProductActivity) -> Cost {
        let columns = activity.adcBits == nil ? 1 : periphery.columnsPerConverter
        let turns = Double(activity.steps * columns)
        var cost = Cost()
        // V²·µS·ns = 10⁻¹⁵ J
        cost.add(
            .array, latencyNanoseconds: turns * cell.readPulseNanoseconds,
            energyPicojoules: activity.currentSquares * cell.readPulseNanoseconds * 1e-3)
        let line =
            Double(activity.outputLinesPerTile) * periphery.wordLinePicojoulesPerCell
            + periphery.driverActivePicojoules
        let lines = Double(activity.tiles * activity.inputLinesPerTile)
        cost.add(
            .wordLines, latencyNanoseconds: 0,
            energyPicojoules: Double(columns * activity.drivenLines) * line
                + turns * lines * periphery.driverIdlePicojoules)
        if let bits = activity.adcBits {
            convert(activity, bits: bits, turns: turns, into: &cost)
        }
        cost.add(
            .buffers,
            latencyNanoseconds: Double(activity.bytes) * periphery.bufferNanosecondsPerByte,
            energyPicojoules: Double(activity.bytes) * periphery.bufferPicojoulesPerByte)
        return cost
    }

    private func convert(
        _ activity: ProductActivity, bits: Int, turns: Double, into cost: inout Cost
    ) {
        let conversions = Double(activity.conversions)
        let multiplexer =
            periphery.columnsPerConverter == 1
            ? 0 : Double(activity.inputLinesPerTile) * periphery.multiplexerPicojoulesPerCell
        let conversion =
            Double((1 << bits) - 1) * periphery.converterPicojoulesPerLevel
            + Double(bits) * periphery.converterPicojoulesPerBit + multiplexer
        cost.add(
            .adc,
            latencyNanoseconds: turns
                * (periphery.converterNanoseconds
                    + Double(bits) * periphery.converterNanosecondsPerBit),
            energyPicojoules: conversions * conversion)
        cost.add(
            .shiftAdd, latencyNanoseconds: 0,
            energyPicojoules: conversions * Double(bits + Self.carryBits)
                * periphery.shiftAddPicojoulesPerBit)
    }

    /// - Parameter verifyReads: read pulses, each of one cell.
    public func programming(pulses: Int, verifyReads: Int) -> Cost {
        var cost = Cost()
        cost.pulses = UInt64(pulses)
        cost.add(
            .programPulses,
            latencyNanoseconds: rounds(pulses) * cell.programPulseNanoseconds,
            energyPicojoules: Double(pulses) * cell.programPulsePicojoules)
        return cost + reading(cells: verifyReads, repeats: 1)
    }

    public func reading(cells: Int, repeats: Int) -> Cost {
        var cost = Cost()
        let reads = cells * repeats
        cost.add(
            .verifyReads, latencyNanoseconds: rounds(reads) * cell.readPulseNanoseconds,
            energyPicojoules: Double(reads) * cell.verifyReadPicojoules)
        return cost
    }

    /// Multiply-accumulates times their unit cost; exact products have no converters.
    public func digitalProduct(multiplications: Int) -> Cost {
        var cost = Cost()
        cost.add(
            .digital,
            latencyNanoseconds: Double(multiplications) * periphery.digitalNanoseconds,
            energyPicojoules: Double(multiplications) * periphery.digitalPicojoules)
        return cost
    }

    private func rounds(_ count: Int) -> Double {
        let parallel = periphery.cellsProgrammedInParallel
        return Double((count + parallel - 1) / parallel)
    }
}

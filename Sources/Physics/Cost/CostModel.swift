/// What a product does, counted: the arguments of its cost.
public struct ProductActivity: Sendable, Hashable {
    /// Vectors × phases × bits applied one after the other.
    public var steps: Int
    /// Tiles that take part in a step.
    public var tiles: Int
    /// Rows driven in a step, summed over its tiles.
    public var drivenRows: Int
    /// Conversions of all steps.
    public var conversions: Int
    /// `nil`: ideal converters, which cost nothing.
    public var adcBits: Int?
    /// Input and output bytes.
    public var bytes: Int
    /// Σ V²·g over steps and cells, V²·µS.
    public var currentSquares: Double

    public init(
        steps: Int, tiles: Int, drivenRows: Int, conversions: Int, adcBits: Int?, bytes: Int,
        currentSquares: Double
    ) {
        self.steps = steps
        self.tiles = tiles
        self.drivenRows = drivenRows
        self.conversions = conversions
        self.adcBits = adcBits
        self.bytes = bytes
        self.currentSquares = currentSquares
    }
}

/// The cost of operations, in the style of DNN+NeuroSim: counts times unit costs. Tiles work in
/// parallel, steps one after the other; in a step the columns of a converter take turns.
///
///     t_product = steps·(t_read + n_mux·t_cycle) + bytes·t_byte               (K-1)
///     E_array   = t_read·Σ V²·g                                               (K-2)
///     E_lines   = steps·(rows·(n_mux·C_line·V_dd² + E_switch) + tiles·E_fixed) (K-3)
///     E_ADC     = conversions·(2^b − 1)·E_level + steps·tiles·n_mux·E_mux     (K-4)
///     t_program = ⌈pulses/n_parallel⌉·t_pulse,  E_program = pulses·E_pulse    (K-5)
///
/// - Source: physics §11; Peng et al. 2019, 2020.
public struct CostModel: Sendable {
    private let cell: CellCost
    private let periphery: PeripheryCost

    public init(cell: CellCost, periphery: PeripheryCost) {
        self.cell = cell
        self.periphery = periphery
    }

    public func product(_ activity: ProductActivity) -> Cost {
        let steps = Double(activity.steps)
        let turns = Double(periphery.columnsPerConverter)
        let rows = Double(activity.drivenRows)
        let tiles = Double(activity.tiles)
        let conversions = Double(activity.conversions)
        var cost = Cost()
        // V²·µS·ns = 10⁻¹⁵ J
        cost.add(
            .array, latencyNanoseconds: steps * cell.readPulseNanoseconds,
            energyPicojoules: activity.currentSquares * cell.readPulseNanoseconds * 1e-3)
        cost.add(
            .wordLines, latencyNanoseconds: 0,
            energyPicojoules: steps
                * (rows * (turns * periphery.wordLinePicojoules + periphery.driverPicojoules)
                    + tiles * periphery.driverFixedPicojoules))
        if let bits = activity.adcBits {
            let levels = Double((1 << bits) - 1)
            cost.add(
                .adc, latencyNanoseconds: steps * turns * periphery.cycleNanoseconds,
                energyPicojoules: conversions * levels * periphery.converterPicojoulesPerLevel
                    + steps * tiles * turns * periphery.multiplexerPicojoules)
        }
        // Hidden behind the next conversion.
        cost.add(
            .shiftAdd, latencyNanoseconds: 0,
            energyPicojoules: conversions * periphery.shiftAddPicojoules)
        cost.add(
            .buffers,
            latencyNanoseconds: Double(activity.bytes) * periphery.bufferNanosecondsPerByte,
            energyPicojoules: Double(activity.bytes) * periphery.bufferPicojoulesPerByte)
        return cost
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

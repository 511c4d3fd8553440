import Physics

/// One product of a matrix with a batch of vectors, worked out before anything is computed.
///
/// Forward, a vector enters on the rows and leaves on the columns; transposed, the other way.
/// With κ = (L − 1) / ((G_on − G_off)·v·stretch), v the volts of one input code:
///
///     y_j = κ·Σ_s L^s·I_js                                              differential
///     y_j = κ·Σ_s L^s·(I_js − G_off·v·ΣX) − (z / stretch)·ΣX            offset
///
/// where X are the input codes and y approximates Σ_i q_ij·X_i in weight code × input code.
///
/// - Source: firmware-specs/device.md (M-1 … M-5).
struct ProductPlan: Sendable {
    var matrix: MatrixDescription
    var bank: BankSpec
    var layout: MatrixLayout
    var batch: Int
    var inputs: MultiplyCommand.Inputs
    /// `nil`: the inputs are vectors.
    var window: InputWindow?
    var isTransposed: Bool
    var isBitSerial: Bool
    var dac: DAC
    var adc: ADC?
    /// κ.
    var productsPerMicroampere: Double
    /// Product subtracted for each unit of ΣX; 0 with differential mapping.
    var referencePerInput: Double
    /// `nil`: the LTM columns are not asked for.
    var ltm: LTMPlan?

    /// The LTM columns of a product: each column block and polarity has its own.
    struct LTMPlan: Sendable {
        var columns: Range<Int>
        /// (T-3); `nil`: ideal.
        var adc: ADC?
    }

    var inputCount: Int { isTransposed ? layout.columns : layout.rows }
    var outputCount: Int { isTransposed ? layout.rows : layout.columns }
    var inputBlocks: Int { isTransposed ? layout.columnBlocks : layout.rowBlocks }
    var outputBlocks: Int { isTransposed ? layout.rowBlocks : layout.columnBlocks }
    var isSigned: Bool {
        if case .signed = inputs { return true }
        return false
    }
    /// Phases of one sign, and bits applied one after the other.
    var signs: [Int32] { isSigned ? [1, -1] : [1] }
    var bits: Int { isBitSerial ? dac.bits : 1 }

    func inputRange(_ block: Int) -> Range<Int> {
        let size = isTransposed ? layout.tileColumns : layout.tileRows
        return block * size ..< min((block + 1) * size, inputCount)
    }

    func outputRange(_ block: Int) -> Range<Int> {
        let size = isTransposed ? layout.tileRows : layout.tileColumns
        return block * size ..< min((block + 1) * size, outputCount)
    }

    /// Tiles whose currents are subtracted before the ADC share an image; others have their own.
    var imagesPerSlice: [[Int]] {
        switch matrix.sensing {
        case .differentialAnalog: [[0, 1]]
        case .differentialDigital: [[0], [1]]
        case .singleEnded: [[0]]
        }
    }

    func tiles(outputBlock: Int, inputBlock: Int, slice: Int, polarities: [Int]) -> [Int] {
        polarities.map { polarity in
            matrix.tiles[
                layout.tileIndex(
                    rowBlock: isTransposed ? outputBlock : inputBlock,
                    columnBlock: isTransposed ? inputBlock : outputBlock, slice: slice,
                    polarity: polarity)]
        }
    }

    /// Column blocks × polarities.
    var ltmGroups: Int { outputBlocks * layout.polarities }

    /// Batch × column blocks × polarities × LTM columns.
    func ltmShape(_ ltm: LTMPlan) -> [Int] {
        [batch, outputBlocks, layout.polarities, ltm.columns.count]
    }

    var replyBytesPerVector: Int {
        4 * (outputCount + (ltm.map { ltmShape($0)[1...].reduce(1, *) } ?? 0))
    }

    /// Σ_i X_i of some vectors.
    func inputSums(_ vectors: Range<Int>) -> [Int] {
        var sums = [Int](repeating: 0, count: vectors.count)
        for sign in signs {
            let magnitudes = magnitudes(vectors, 0 ..< inputCount, sign: sign)
            for index in sums.indices {
                let vector = index * inputCount ..< (index + 1) * inputCount
                sums[index] += Int(sign) * magnitudes[vector].reduce(0) { $0 + Int($1) }
            }
        }
        return sums
    }

    /// Codes that travelled in.
    var codesIn: Int {
        switch inputs {
        case .unsigned(let codes): codes.count
        case .signed(let codes): codes.count
        }
    }

    /// Magnitudes of one sign, of vectors × a block of inputs, row-major.
    func magnitudes(_ vectors: Range<Int>, _ range: Range<Int>, sign: Int32) -> [UInt8] {
        switch inputs {
        case .unsigned(let codes): gather(codes, vectors, range)
        case .signed(let codes):
            gather(codes, vectors, range).map {
                UInt8(truncatingIfNeeded: max(0, Int32($0) * sign))
            }
        }
    }

    /// A block of inputs of some vectors.
    private func gather<Code: FixedWidthInteger>(
        _ codes: [Code], _ vectors: Range<Int>, _ range: Range<Int>
    ) -> [Code] {
        if let window { return window.unrolled(codes, vectors, range) }
        if range.count == inputCount {
            return Array(codes[vectors.lowerBound * inputCount ..< vectors.upperBound * inputCount])
        }
        var block: [Code] = []
        block.reserveCapacity(vectors.count * range.count)
        for vector in vectors {
            let first = vector * inputCount
            block += codes[first + range.lowerBound ..< first + range.upperBound]
        }
        return block
    }
}

extension Worker {
    func plan(_ command: MultiplyCommand, limits: ChipLimits) throws(ChipFault) -> ProductPlan {
        try state.checkPower()
        let matrix = try state.matrix(command.matrix).description
        let bank = self.bank(of: matrix)
        let layout = MatrixLayout(matrix, bank: bank)
        guard matrix.weightsProgrammed > 0 else {
            throw ChipFault(
                .failedPrecondition, .notProgrammed, .afterFix,
                "matrix \(matrix.id) was never programmed, or lost its contents: program it")
        }
        let dac = dac()
        let window = bank.window
        let encoding = WeightEncoding(matrix)
        let volts = command.bitSerial ? dac.readVoltage : dac.lsbVolts
        let span = window.on.microsiemens - window.off.microsiemens
        let kappa =
            Double((1 << matrix.bitsPerSlice) - 1) / (span * volts * Double(encoding.stretch))
        var reference = 0.0
        if matrix.mapping == .offset {
            let weights = (0 ..< matrix.slices).reduce(0.0) {
                $0 + Double(1 << ($1 * matrix.bitsPerSlice))
            }
            let zero = Double(1 << (matrix.slices * matrix.bitsPerSlice - 1))
            reference =
                kappa * weights * window.off.microsiemens * volts + zero / Double(encoding.stretch)
        }
        let fullScale =
            command.fullScaleMicroamperes > 0
            ? command.fullScaleMicroamperes : matrix.fullScaleMicroamperes
        var plan = ProductPlan(
            matrix: matrix, bank: bank, layout: layout, batch: command.batch,
            inputs: command.inputs, window: command.window, isTransposed: command.transposed,
            isBitSerial: command.bitSerial, dac: dac,
            adc: bank.isDigital ? nil : adc(for: matrix, fullScale: fullScale),
            productsPerMicroampere: kappa, referencePerInput: reference)
        if command.includesLTM { plan.ltm = try ltm(plan) }
        try check(plan, command, limits)
        return plan
    }

    private func ltm(_ plan: ProductPlan) throws(ChipFault) -> ProductPlan.LTMPlan {
        let (bank, matrix) = (plan.bank, plan.matrix)
        guard bank.ltmColumns > 0 else {
            throw .field(
                "ltm", "true", allowed: "false: the tiles of bank \(bank.name) have no LTM columns")
        }
        guard !plan.isTransposed else {
            throw .field("ltm", "true", allowed: "false where transpose is true")
        }
        guard matrix.ltmMicrosiemens > 0 else {
            throw ChipFault(
                .failedPrecondition, .notProgrammed, .afterFix,
                "the LTM columns of matrix \(matrix.id) were never programmed, or not wholly: use "
                    + "reference.program")
        }
        return ProductPlan.LTMPlan(
            columns: bank.columns ..< bank.bitLines,
            adc: tuningADC(
                rows: plan.inputRange(0).count, microsiemens: matrix.ltmMicrosiemens))
    }

    /// (T-3) of columns with so many cells; `nil`: an ideal converter.
    func tuningADC(rows: Int, microsiemens: Double) -> ADC? {
        guard let bits = spec.converters.adcBits else { return nil }
        let nominal = TuningColumns.nominal(
            rows: rows, readVoltage: spec.converters.readVoltage,
            conductance: .microsiemens(microsiemens))
        do {
            return try ADC(
                bits: bits,
                fullScaleMicroamperes: TuningColumns.fullScale(nominalMicroamperes: nominal),
                isSigned: false, error: spec.converters.adcError)
        } catch {
            preconditionFailure("bits and conductance were checked where they came in: \(error)")
        }
    }

    func dac() -> DAC {
        let converters = spec.converters
        do {
            return try DAC(
                bits: converters.dacBits, readVoltage: converters.readVoltage,
                error: converters.dacError)
        } catch {
            preconditionFailure("the spec's DAC was checked where it came in: \(error)")
        }
    }

    /// `nil`: an ideal converter, or a digital bank.
    func adc(for matrix: MatrixDescription, fullScale: Double) -> ADC? {
        guard let bits = spec.converters.adcBits, !bank(of: matrix).isDigital else { return nil }
        do {
            return try ADC(
                bits: bits, fullScaleMicroamperes: fullScale,
                isSigned: matrix.sensing == .differentialAnalog, error: spec.converters.adcError)
        } catch {
            preconditionFailure("full scale and bits were checked where they came in: \(error)")
        }
    }

    private func check(_ plan: ProductPlan, _ command: MultiplyCommand, _ limits: ChipLimits)
        throws(ChipFault)
    {
        let count: Int
        let codeMax = plan.dac.codeMax
        switch command.inputs {
        case .unsigned(let codes):
            count = codes.count
            if codeMax < 255, let index = codes.firstIndex(where: { Int($0) > codeMax }) {
                throw .field("input code \(index)", "\(codes[index])", allowed: "0 … \(codeMax)")
            }
        case .signed(let codes):
            count = codes.count
            if codeMax < 128, let index = codes.firstIndex(where: { abs(Int($0)) > codeMax }) {
                throw .field(
                    "input code \(index)", "\(codes[index])", allowed: "−\(codeMax) … \(codeMax)")
            }
        }
        if let window = plan.window {
            try check(window, of: plan, codes: count)
        } else if count != plan.batch * plan.inputCount {
            throw ChipFault(
                .invalidArgument, .tensor, .afterFix,
                "inputs have \(count) elements; \(plan.batch) vectors of matrix "
                    + "\(plan.matrix.id) need \(plan.batch) × \(plan.inputCount)")
        }
        let vectorBytes = plan.replyBytesPerVector
        guard plan.batch * vectorBytes <= limits.replyBytes else {
            throw ChipFault(
                .resourceExhausted, .limit, .afterFix,
                "the reply would have \(plan.batch * vectorBytes) bytes; allowed: "
                    + "\(limits.replyBytes). Send at most \(limits.replyBytes / vectorBytes) "
                    + "vectors")
        }
        guard command.products || plan.adc != nil || plan.bank.isDigital else {
            throw ChipFault(
                .invalidArgument, .field, .afterFix,
                "output is CODES; the chip's ADC is ideal and has no codes: ask for PRODUCTS")
        }
        try checkAccumulator(plan)
    }

    private func check(_ window: InputWindow, of plan: ProductPlan, codes count: Int)
        throws(ChipFault)
    {
        guard !plan.isTransposed else {
            throw .field("window", "present", allowed: "absent where transpose is true")
        }
        precondition(plan.batch * window.mapSize == count * window.places)
        guard window.inputs == plan.inputCount else {
            throw ChipFault(
                .invalidArgument, .tensor, .afterFix,
                "a window of \(window.rows.kernel) × \(window.columns.kernel) over maps of "
                    + "\(window.channels) channels has \(window.inputs) inputs; matrix "
                    + "\(plan.matrix.id) has \(plan.inputCount) rows")
        }
    }

    /// The digital accumulator has 32 bits.
    private func checkAccumulator(_ plan: ProductPlan) throws(ChipFault) {
        let inputMax = Double(plan.dac.codeMax)
        let largest: Double
        if plan.bank.isDigital {
            // The tiles may hold more than this matrix's largest code: bits of one before it.
            largest =
                Double(1 << (plan.matrix.slices * plan.matrix.bitsPerSlice)) * 255
                * Double(plan.inputCount)
        } else if let adc = plan.adc {
            let slices = Double(1 << (plan.matrix.slices * plan.matrix.bitsPerSlice))
            largest =
                Double(max(adc.codeMax, plan.ltm?.adc?.codeMax ?? 0)) * slices
                * Double(plan.inputBlocks)
                * Double(plan.signs.count) * (plan.isBitSerial ? inputMax : 1)
                + plan.referencePerInput * inputMax * Double(plan.inputCount)
                / (plan.productsPerMicroampere * adc.lsbMicroamperes)
        } else {
            return
        }
        guard largest <= Double(Int32.max) else {
            throw ChipFault(
                .outOfRange, .limit, .afterFix,
                "the product of matrix \(plan.matrix.id) may reach \(largest); the accumulator "
                    + "holds \(Int32.max). Map fewer rows or fewer weight bits")
        }
    }
}

import Physics
import Synchronization

/// Memory that the parts of a split product fill, each its own range.
private struct Shared<Element: Sendable>: @unchecked Sendable {
    let buffer: UnsafeMutableBufferPointer<Element>
    func rows(_ range: Range<Int>, width: Int) -> UnsafeMutableBufferPointer<Element> {
        UnsafeMutableBufferPointer(
            rebasing: buffer[range.lowerBound * width ..< range.upperBound * width])
    }
}

extension Worker {
    /// Vectors of one part of a split product (chosen: two parts of the benchmark's batch). Parts
    /// are cut by this number, never by the number of threads, so that no result depends on it.
    private static let vectorsPerPart = 128

    mutating func multiply(
        _ command: MultiplyCommand, at time: ChipInstant, limits: ChipLimits, work: WorkContext
    ) throws(ChipFault) -> SampleReply {
        let plan = try plan(command, limits: limits)
        if plan.bank.isDigital { return multiplyDigitally(command, plan, at: time, work: work) }
        let draws = try nextSampleEvent()
        let passes = passes(of: plan, at: time)
        let shape = [plan.batch, plan.outputCount]
        var result: ProductResult
        var sums: PassSums
        if let adc = plan.adc {
            let codes: [Int32]
            (codes, sums) = Self.split(plan, width: plan.outputCount, zero: 0, work) {
                plan.codes($0, passes, adc: adc, draws: draws, into: $1)
            }
            let lsb = plan.productsPerMicroampere * adc.lsbMicroamperes
            result = ProductResult(
                plan.finish(codes, lsb: lsb, asProducts: command.products), shape: shape)
        } else {
            let products: [Float]
            (products, sums) = Self.split(plan, width: plan.outputCount, zero: 0, work) {
                plan.products($0, passes, draws: draws, into: $1)
            }
            result = ProductResult(.products(products), shape: shape)
        }
        (result.conversions, result.clipped) = (sums.conversions, sums.clipped)
        result.referencePerInput = plan.referencePerInput
        if let ltm = plan.ltm {
            let tuning = ltmSums(
                of: plan, ltm, after: passes.reduce(0) { $0 + $1.count }, draws: draws, at: time,
                work: work)
            result.ltm = tuning.ltm
            sums = sums + tuning.sums
        }
        if let stop = work.stop { throw stop }
        return SampleReply(
            result: .product(result), chipTime: time, cost: cost(plan, sums), warnings: [])
    }

    /// Batch × width elements, some vectors of the batch at a time, on as many threads as are free.
    static func split<Element: Sendable>(
        _ plan: ProductPlan, width: Int, zero: Element, _ work: WorkContext,
        _ body: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Element>) -> PassSums
    ) -> ([Element], PassSums) {
        let parts = (plan.batch + vectorsPerPart - 1) / vectorsPerPart
        let results = Mutex<[PassSums]>(Array(repeating: PassSums(), count: parts))
        var elements = [Element](repeating: zero, count: plan.batch * width)
        elements.withUnsafeMutableBufferPointer { buffer in
            let output = Shared(buffer: buffer)
            work.split(parts) { part in
                guard work.stop == nil else { return }
                let first = part * vectorsPerPart
                let vectors = first ..< min(first + vectorsPerPart, plan.batch)
                let sums = body(vectors, output.rows(vectors, width: width))
                results.withLock { $0[part] = sums }
            }
        }
        return (elements, results.withLock { $0.reduce(PassSums(), +) })
    }

    /// All images that the product needs, by output block.
    private mutating func passes(of plan: ProductPlan, at time: ChipInstant) -> [[ProductPass]] {
        var number = 0
        return (0 ..< plan.outputBlocks).map { outputBlock in
            var passes: [ProductPass] = []
            for inputBlock in 0 ..< plan.inputBlocks {
                for slice in 0 ..< plan.layout.slices {
                    for (index, polarities) in plan.imagesPerSlice.enumerated() {
                        let tiles = plan.tiles(
                            outputBlock: outputBlock, inputBlock: inputBlock, slice: slice,
                            polarities: polarities)
                        let inputs = plan.inputRange(inputBlock).count
                        let outputs = plan.outputRange(outputBlock).count
                        let image = image(
                            of: tiles, rows: plan.isTransposed ? outputs : inputs,
                            columns: 0 ..< (plan.isTransposed ? inputs : outputs),
                            bank: plan.bank,
                            direction: plan.isTransposed ? .transposed : .forward, at: time)
                        let shift = Int32(1) << Int32(slice * plan.matrix.bitsPerSlice)
                        passes.append(
                            ProductPass(
                                number: number, inputBlock: inputBlock, image: image,
                                weight: index == 0 ? shift : -shift,
                                adcOffsetLSB: plan.isTransposed
                                    ? 0 : state.faults[tiles[0]]?.adcOffsetLSB ?? 0))
                        number += 1
                    }
                }
            }
            return passes
        }
    }

    /// Row blocks, slices and polarities work in parallel, each in its own tiles; phases, bits
    /// and vectors one after the other (physics §11).
    private func cost(_ plan: ProductPlan, _ sums: PassSums) -> Cost {
        CostModel(spec, plan.bank).product(
            ProductActivity(
                steps: plan.batch * plan.signs.count * plan.bits,
                tiles: plan.layout.tilesNeeded,
                inputLinesPerTile: plan.isTransposed ? plan.bank.bitLines : plan.bank.rows,
                outputLinesPerTile: plan.isTransposed ? plan.bank.rows : plan.bank.bitLines,
                drivenLines: sums.drivenLines, conversions: sums.conversions,
                adcBits: spec.converters.adcBits,
                bytes: plan.batch * (plan.inputCount + plan.replyBytesPerVector),
                currentSquares: sums.currentSquares))
    }
}

/// One image in the sum of one output block.
struct ProductPass: Sendable {
    var number: Int
    var inputBlock: Int
    var image: TileImage
    /// Sign of the polarity times L^s.
    var weight: Int32
    /// A fault of the converters behind the columns. Of a pair that is subtracted before it is
    /// converted, those of the positive tile are in use.
    var adcOffsetLSB: Double
    /// LTM columns hang on lines that the data's passes drive.
    var drivesLines = true
}

/// What the parts of a product add up beside the outputs.
struct PassSums: Sendable {
    var clipped = 0
    var conversions = 0
    /// Lines with a voltage above 0, over vectors, phases, bits and tiles.
    var drivenLines = 0
    /// Σ V²·g over vectors, phases and cells, V²·µS: the power of the cell currents.
    var currentSquares = 0.0

    static func + (lhs: PassSums, rhs: PassSums) -> PassSums {
        PassSums(
            clipped: lhs.clipped + rhs.clipped, conversions: lhs.conversions + rhs.conversions,
            drivenLines: lhs.drivenLines + rhs.drivenLines,
            currentSquares: lhs.currentSquares + rhs.currentSquares)
    }
}

/// Where the draws of a product's applications lie in its event: those of one application
/// together, a block of four draws never shared.
struct DrawNumbers: Sendable {
    var base: UInt64 = 0
    /// Draws of one application.
    var stride: UInt64

    /// - Parameter outputs: of the widest application.
    init(base: UInt64 = 0, batch: Int, outputs: Int) {
        self.base = base
        stride = UInt64((batch * outputs + 3) / 4 * 4)
    }

    func first(pass: Int, phase: Int, bit: Int) -> UInt64 {
        base + UInt64((pass * 2 + phase) * 16 + bit) * stride
    }
}

extension ProductPlan {
    /// Of the data columns.
    var drawNumbers: DrawNumbers { DrawNumbers(batch: batch, outputs: outputRange(0).count) }

    /// Runs all passes over some vectors: `accumulate` gets one application of the voltages to an
    /// image and adds it to a block of outputs.
    func forEachApplication(
        _ vectors: Range<Int>, _ passes: [ProductPass], _ draws: DrawNumbers,
        _ sums: inout PassSums,
        _ accumulate: (UnsafeBufferPointer<Float>, ProductPass, Int32, UInt64) -> Int
    ) {
        let dac = isBitSerial ? dac.binary : dac
        for inputBlock in 0 ..< inputBlocks {
            let range = inputRange(inputBlock)
            for (phase, sign) in signs.enumerated() {
                let magnitudes = magnitudes(vectors, range, sign: sign)
                for bit in 0 ..< bits {
                    let applied =
                        isBitSerial ? magnitudes.map { ($0 >> UInt8(bit)) & 1 } : magnitudes
                    let voltages = dac.voltages(of: applied)
                    let squares = voltages.columnSquares(width: range.count)
                    let driven = applied.count { $0 != 0 }
                    for pass in passes where pass.inputBlock == inputBlock {
                        voltages.withUnsafeBufferPointer { voltages in
                            sums.clipped += accumulate(
                                voltages, pass, sign * pass.weight << Int32(bit),
                                draws.first(pass: pass.number, phase: phase, bit: bit))
                        }
                        if pass.drivesLines {
                            sums.drivenLines += driven * pass.image.tiles.count
                        }
                        let conductances =
                            isTransposed ? pass.image.columnSums : pass.image.rowSums
                        for (square, conductance) in zip(squares, conductances) {
                            sums.currentSquares += square * Double(conductance)
                        }
                    }
                }
            }
        }
    }

    /// Codes of some vectors, all outputs.
    func codes(
        _ vectors: Range<Int>, _ passes: [[ProductPass]], adc: ADC, draws: EventDraws,
        into output: UnsafeMutableBufferPointer<Int32>
    ) -> PassSums {
        var sums = PassSums()
        var scratch = ProductScratch()
        let isQuiet = bank.technology.readNoise == .none
        for block in 0 ..< outputBlocks {
            let range = outputRange(block)
            var codes = [Int32](repeating: 0, count: vectors.count * range.count)
            codes.withUnsafeMutableBufferPointer { codes in
                forEachApplication(vectors, passes[block], drawNumbers, &sums) {
                    voltages, pass, weight, first in
                    TileProduct.accumulate(
                        voltages: voltages, batch: vectors.count, image: pass.image.image,
                        transposed: isTransposed, draws: isQuiet ? nil : draws,
                        firstDraw: first + UInt64(vectors.lowerBound * range.count),
                        adc: adc.shifted(byLSB: pass.adcOffsetLSB),
                        weight: weight, codes: codes, scratch: &scratch)
                }
            }
            sums.conversions += passes[block].count * signs.count * bits * codes.count
            output.place(codes, columns: range, width: outputCount)
        }
        return sums
    }

    /// Products of some vectors with an ideal ADC.
    func products(
        _ vectors: Range<Int>, _ passes: [[ProductPass]], draws: EventDraws,
        into output: UnsafeMutableBufferPointer<Float>
    ) -> PassSums {
        var sums = PassSums()
        var scratch = ProductScratch()
        let isQuiet = bank.technology.readNoise == .none
        let references = vectors.map { referencePerInput * Double(inputSum($0)) }
        for block in 0 ..< outputBlocks {
            let range = outputRange(block)
            var currents = [Float](repeating: 0, count: vectors.count * range.count)
            currents.withUnsafeMutableBufferPointer { currents in
                forEachApplication(vectors, passes[block], drawNumbers, &sums) {
                    voltages, pass, weight, first in
                    TileProduct.accumulate(
                        voltages: voltages, batch: vectors.count, image: pass.image.image,
                        transposed: isTransposed, draws: isQuiet ? nil : draws,
                        firstDraw: first + UInt64(vectors.lowerBound * range.count),
                        weight: Float(weight), currents: currents, scratch: &scratch)
                    return 0
                }
            }
            for index in currents.indices {
                currents[index] = Float(
                    productsPerMicroampere * Double(currents[index])
                        - references[index / range.count])
            }
            output.place(currents, columns: range, width: outputCount)
        }
        return sums
    }

    /// Subtracts the digital reference of offset mapping and chooses the form of the answer.
    func finish(_ codes: [Int32], lsb: Double, asProducts: Bool) -> ProductResult.Values {
        if asProducts {
            var products = [Float](repeating: 0, count: codes.count)
            for vector in 0 ..< batch {
                let reference = referencePerInput * Double(inputSum(vector))
                for index in vector * outputCount ..< (vector + 1) * outputCount {
                    products[index] = Float(lsb * Double(codes[index]) - reference)
                }
            }
            return .products(products)
        }
        var codes = codes
        if referencePerInput != 0 {
            for vector in 0 ..< batch {
                let reference = Int32(
                    (referencePerInput * Double(inputSum(vector)) / lsb).rounded())
                for index in vector * outputCount ..< (vector + 1) * outputCount {
                    codes[index] -= reference
                }
            }
        }
        return .codes(codes, lsb: lsb)
    }
}

extension DAC {
    fileprivate func voltages(of codes: [UInt8]) -> [Float] {
        [Float](unsafeUninitializedCapacity: codes.count) { buffer, count in
            codes.withUnsafeBufferPointer { codes in voltages(codes: codes, into: buffer) }
            count = codes.count
        }
    }
}

extension [Float] {
    /// Σ_b v_bi² of each column of a row-major array.
    fileprivate func columnSquares(width: Int) -> [Double] {
        var squares = [Float](repeating: 0, count: width)
        withUnsafeBufferPointer { values in
            squares.withUnsafeMutableBufferPointer { squares in
                for first in stride(from: 0, to: values.count, by: width) {
                    for column in 0 ..< width {
                        let value = values[first &+ column]
                        squares[column] += value * value
                    }
                }
            }
        }
        return squares.map { Double($0) }
    }
}

extension UnsafeMutableBufferPointer {
    /// Copies a row-major block into some columns of a wider row-major array.
    func place(_ block: [Element], columns: Range<Int>, width: Int) {
        block.withUnsafeBufferPointer { block in
            guard let from = block.baseAddress, let to = baseAddress else { return }
            for row in 0 ..< block.count / columns.count {
                (to + row * width + columns.lowerBound).update(
                    from: from + row * columns.count, count: columns.count)
            }
        }
    }
}

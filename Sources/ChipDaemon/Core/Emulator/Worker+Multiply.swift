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
    static let vectorsPerPart = 128

    mutating func multiply(
        _ command: MultiplyCommand, at time: ChipInstant, limits: ChipLimits, work: WorkContext
    ) throws(ChipFault) -> SampleReply {
        let plan = try plan(command, limits: limits)
        if plan.bank.isDigital { return try multiplyDigitally(command, plan, at: time, work: work) }
        let draws = try nextSampleEvent()
        let passes = passes(of: plan, at: time)
        let groups = passes.map { ProductGroup.groups(of: $0, transposed: plan.isTransposed) }
        let shape = [plan.batch, plan.outputCount]
        var result: ProductResult
        var sums: PassSums
        if let adc = plan.adc {
            let codes: [Int32]
            (codes, sums) = Self.split(plan, width: plan.outputCount, zero: 0, work) {
                plan.codes($0, groups, adc: adc, draws: draws, into: $1)
            }
            let lsb = plan.productsPerMicroampere * adc.lsbMicroamperes
            result = ProductResult(
                plan.finish(codes, lsb: lsb, asProducts: command.products), shape: shape)
        } else {
            let products: [Float]
            (products, sums) = Self.split(plan, width: plan.outputCount, zero: 0, work) {
                plan.products($0, groups, draws: draws, into: $1)
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
    /// and vectors one after the other (K-1 … K-6).
    private func cost(_ plan: ProductPlan, _ sums: PassSums) -> Cost {
        CostModel(spec, plan.bank).product(
            ProductActivity(
                steps: plan.batch * plan.signs.count * plan.bits,
                tiles: plan.layout.tilesNeeded,
                inputLinesPerTile: plan.isTransposed ? plan.bank.bitLines : plan.bank.rows,
                outputLinesPerTile: plan.isTransposed ? plan.bank.rows : plan.bank.bitLines,
                drivenLines: sums.drivenLines, conversions: sums.conversions,
                adcBits: spec.converters.adcBits,
                bytes: plan.codesIn + plan.batch * plan.replyBytesPerVector,
                currentSquares: sums.currentSquares))
    }
}

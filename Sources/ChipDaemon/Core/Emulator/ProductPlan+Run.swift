import Physics

extension ProductPlan {
    /// Of the data columns.
    var drawNumbers: DrawNumbers { DrawNumbers(batch: batch, outputs: outputRange(0).count) }

    /// Runs all passes over some vectors: `accumulate` gets one application of the voltages to
    /// the images of a group, of which the scratch holds the currents, and adds one of them to a
    /// block of outputs.
    func forEachApplication(
        _ vectors: Range<Int>, _ groups: [ProductGroup], _ draws: DrawNumbers,
        _ sums: inout PassSums,
        _ accumulate: (inout ProductScratch, ProductPass, ProductGroup.Part, Int32, UInt64) -> Int
    ) {
        let dac = isBitSerial ? dac.binary : dac
        let hasNoise = bank.technology.readNoise != .none
        var scratch = ProductScratch()
        for inputBlock in 0 ..< inputBlocks {
            let range = inputRange(inputBlock)
            for (phase, sign) in signs.enumerated() {
                let magnitudes = magnitudes(vectors, range, sign: sign)
                for bit in 0 ..< bits {
                    let applied =
                        isBitSerial ? magnitudes.map { ($0 >> UInt8(bit)) & 1 } : magnitudes
                    let lines = dac.drive(applied, width: range.count)
                    for group in groups where group.inputBlock == inputBlock {
                        lines.voltages.withUnsafeBufferPointer { voltages in
                            lines.squares.withUnsafeBufferPointer { squares in
                                scratch.apply(
                                    voltages, squares: squares.baseAddress, vectors.count,
                                    group.image, transposed: isTransposed, hasNoise: hasNoise)
                            }
                        }
                        for (index, pass) in group.passes.enumerated() {
                            let part = ProductGroup.Part(index: index, count: group.passes.count)
                            sums.clipped += accumulate(
                                &scratch, pass, part, sign * pass.weight << Int32(bit),
                                draws.first(pass: pass.number, phase: phase, bit: bit))
                            if pass.drivesLines {
                                sums.drivenLines += lines.drivenCount * pass.image.tiles.count
                            }
                            let conductances =
                                isTransposed ? pass.image.columnSums : pass.image.rowSums
                            for (square, conductance) in zip(lines.sumSquares, conductances) {
                                sums.currentSquares += square * Double(conductance)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Codes of some vectors, all outputs.
    func codes(
        _ vectors: Range<Int>, _ groups: [[ProductGroup]], adc: ADC, draws: EventDraws,
        into output: UnsafeMutableBufferPointer<Int32>
    ) -> PassSums {
        var sums = PassSums()
        for block in 0 ..< outputBlocks {
            let range = outputRange(block)
            var codes = [Int32](repeating: 0, count: vectors.count * range.count)
            codes.withUnsafeMutableBufferPointer { codes in
                forEachApplication(vectors, groups[block], drawNumbers, &sums) {
                    scratch, pass, part, weight, first in
                    TileProduct.accumulate(
                        part: part.index, of: part.count, draws: draws,
                        firstDraw: first + UInt64(vectors.lowerBound * range.count),
                        adc: adc.shifted(byLSB: pass.adcOffsetLSB), weight: weight, codes: codes,
                        scratch: &scratch)
                }
            }
            sums.conversions += groups[block].passCount * signs.count * bits * codes.count
            output.place(codes, columns: range, width: outputCount)
        }
        return sums
    }

    /// Products of some vectors with an ideal ADC.
    func products(
        _ vectors: Range<Int>, _ groups: [[ProductGroup]], draws: EventDraws,
        into output: UnsafeMutableBufferPointer<Float>
    ) -> PassSums {
        var sums = PassSums()
        let references = references(vectors)
        for block in 0 ..< outputBlocks {
            let range = outputRange(block)
            var currents = [Float](repeating: 0, count: vectors.count * range.count)
            currents.withUnsafeMutableBufferPointer { currents in
                forEachApplication(vectors, groups[block], drawNumbers, &sums) {
                    scratch, pass, part, weight, first in
                    TileProduct.accumulate(
                        part: part.index, of: part.count, draws: draws,
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
        guard asProducts || referencePerInput != 0 else { return .codes(codes, lsb: lsb) }
        // Some vectors at a time: unrolled they take more memory than their maps.
        let subtracted = stride(from: 0, to: batch, by: Worker.vectorsPerPart).flatMap {
            references($0 ..< min($0 + Worker.vectorsPerPart, batch))
        }
        if asProducts {
            var products = [Float](repeating: 0, count: codes.count)
            for index in codes.indices {
                products[index] = Float(
                    lsb * Double(codes[index]) - subtracted[index / outputCount])
            }
            return .products(products)
        }
        var codes = codes
        for index in codes.indices {
            codes[index] -= Int32((subtracted[index / outputCount] / lsb).rounded())
        }
        return .codes(codes, lsb: lsb)
    }

    /// What offset mapping adds to the outputs of some vectors.
    private func references(_ vectors: Range<Int>) -> [Double] {
        referencePerInput == 0
            ? [Double](repeating: 0, count: vectors.count)
            : inputSums(vectors).map { referencePerInput * Double($0) }
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

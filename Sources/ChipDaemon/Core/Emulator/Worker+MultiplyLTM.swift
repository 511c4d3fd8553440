import Physics

extension Worker {
    /// The sums of the LTM columns of a product. Their draws follow those of the data's passes, so
    /// that the outputs are the same with and without them.
    mutating func ltmSums(
        of plan: ProductPlan, _ ltm: ProductPlan.LTMPlan, after dataPasses: Int, draws: EventDraws,
        at time: ChipInstant, work: WorkContext
    ) -> (ltm: LTMSums, sums: PassSums) {
        let groups = ltmPasses(of: plan, ltm, at: time).map {
            ProductGroup.groups(of: $0, transposed: false)
        }
        let numbers = DrawNumbers(
            base: plan.drawNumbers.first(pass: dataPasses, phase: 0, bit: 0), batch: plan.batch,
            outputs: ltm.columns.count)
        let shape = plan.ltmShape(ltm)
        let (products, sums) = Self.split(
            plan, width: shape[1...].reduce(1, *), zero: Float(0), work
        ) {
            plan.ltmProducts($0, groups, ltm, draws: draws, numbers, into: $1)
        }
        return (LTMSums(products: products, shape: shape, clipped: sums.clipped), sums)
    }

    /// The images of the LTM columns, by column block and polarity.
    private mutating func ltmPasses(
        of plan: ProductPlan, _ ltm: ProductPlan.LTMPlan, at time: ChipInstant
    ) -> [[ProductPass]] {
        var number = 0
        return (0 ..< plan.ltmGroups).map { group in
            let (outputBlock, polarity) = group.quotientAndRemainder(
                dividingBy: plan.layout.polarities)
            var passes: [ProductPass] = []
            for inputBlock in 0 ..< plan.inputBlocks {
                for slice in 0 ..< plan.layout.slices {
                    let tiles = plan.tiles(
                        outputBlock: outputBlock, inputBlock: inputBlock, slice: slice,
                        polarities: [polarity])
                    passes.append(
                        ProductPass(
                            number: number, inputBlock: inputBlock,
                            image: image(
                                of: tiles, rows: plan.inputRange(inputBlock).count,
                                columns: ltm.columns, bank: plan.bank, direction: .forward,
                                at: time),
                            weight: 1 << Int32(slice * plan.matrix.bitsPerSlice),
                            adcOffsetLSB: state.faults[tiles[0]]?.adcOffsetLSB ?? 0,
                            drivesLines: false))
                    number += 1
                }
            }
            return passes
        }
    }
}

extension ProductPlan {
    /// Sums of the LTM columns of some vectors, on the scale of the products.
    func ltmProducts(
        _ vectors: Range<Int>, _ columnGroups: [[ProductGroup]], _ ltm: LTMPlan, draws: EventDraws,
        _ numbers: DrawNumbers, into output: UnsafeMutableBufferPointer<Float>
    ) -> PassSums {
        var sums = PassSums()
        let width = ltm.columns.count
        let count = vectors.count * width
        for (number, groups) in columnGroups.enumerated() {
            var codes = [Int32](repeating: 0, count: ltm.adc == nil ? 0 : count)
            var currents = [Float](repeating: 0, count: count)
            forEachApplication(vectors, groups, numbers, &sums) {
                scratch, pass, part, weight, first in
                let firstDraw = first + UInt64(vectors.lowerBound * width)
                guard let adc = ltm.adc else {
                    currents.withUnsafeMutableBufferPointer {
                        TileProduct.accumulate(
                            part: part.index, of: part.count, draws: draws, firstDraw: firstDraw,
                            weight: Float(weight), currents: $0, scratch: &scratch)
                    }
                    return 0
                }
                return codes.withUnsafeMutableBufferPointer {
                    TileProduct.accumulate(
                        part: part.index, of: part.count, draws: draws, firstDraw: firstDraw,
                        adc: adc.shifted(byLSB: pass.adcOffsetLSB), weight: weight, codes: $0,
                        scratch: &scratch)
                }
            }
            if let adc = ltm.adc {
                sums.conversions += groups.passCount * signs.count * bits * count
                currents = codes.map { Float(Double($0) * adc.lsbMicroamperes) }
            }
            for index in currents.indices {
                currents[index] = Float(productsPerMicroampere * Double(currents[index]))
            }
            output.place(
                currents, columns: number * width ..< (number + 1) * width,
                width: columnGroups.count * width)
        }
        return sums
    }
}

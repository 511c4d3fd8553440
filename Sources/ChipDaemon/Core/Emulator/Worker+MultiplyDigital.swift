import Physics

extension Worker {
    /// Products of a digital bank: exact integers from the stored bits, without noise or
    /// converters.
    mutating func multiplyDigitally(
        _ command: MultiplyCommand, _ plan: ProductPlan, at time: ChipInstant, work: WorkContext
    ) throws(ChipFault) -> SampleReply {
        let weights = storedWeights(of: plan)
        var codes = [Int32](repeating: 0, count: plan.batch * plan.outputCount)
        for vector in 0 ..< plan.batch {
            if let stop = work.stop { throw stop }
            for sign in plan.signs {
                let magnitudes = plan.magnitudes(
                    vector ..< vector + 1, 0 ..< plan.inputCount, sign: sign)
                for (input, magnitude) in magnitudes.enumerated() where magnitude != 0 {
                    let code = sign * Int32(magnitude)
                    for output in 0 ..< plan.outputCount {
                        codes[vector * plan.outputCount + output] +=
                            code * weights[input * plan.outputCount + output]
                    }
                }
            }
        }
        let shape = [plan.batch, plan.outputCount]
        let values: ProductResult.Values =
            command.products ? .products(codes.map { Float($0) }) : .codes(codes, lsb: 1)
        let operations = plan.batch * plan.inputCount * plan.outputCount
        return SampleReply(
            result: .product(ProductResult(values, shape: shape)), chipTime: time,
            cost: CostModel(spec, plan.bank).digitalProduct(multiplications: operations),
            warnings: [])
    }

    /// Weight codes as the bits hold them, inputs × outputs.
    private mutating func storedWeights(of plan: ProductPlan) -> [Int32] {
        let matrix = plan.matrix
        let region = Region(rows: matrix.rows, columns: matrix.columns)
        // Digital cells are read without noise: the event number is of no effect.
        let reader = PlaneReader(
            repeats: 1, draws: EventDraws(serial: serial, event: 1), time: .birth)
        let read = weights(of: matrix, region, reader, in: state).map { Int32($0.rounded()) }
        guard plan.isTransposed else { return read }
        var transposed = [Int32](repeating: 0, count: read.count)
        for row in 0 ..< matrix.rows {
            for column in 0 ..< matrix.columns {
                transposed[column * matrix.rows + row] = read[row * matrix.columns + column]
            }
        }
        return transposed
    }
}

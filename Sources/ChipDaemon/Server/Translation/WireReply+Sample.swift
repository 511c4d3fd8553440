internal import ChipCore
internal import Protocol

extension WireReply {
    mutating func fill(_ sample: SampleReply) -> [Frame] {
        chipTimeS = sample.chipTime.seconds
        cost = WireCost(sample.cost)
        warnings = sample.warnings
        switch sample.result {
        case .read(let values, let shape, let isWeights, let repeats):
            read.repeats = UInt32(repeats)
            tensors = [.describe(.f32, shape: shape, unit: isWeights ? .weight : .microsiemens)]
            return [Frame(elements: values)]
        case .product(let product):
            return fill(product)
        case .reference(let sum):
            referenceRead.sumUa = sum.microamperes
            referenceRead.nominalUa = sum.nominalMicroamperes
            referenceRead.cells = UInt64(sum.cells)
            referenceRead.repeats = UInt32(sum.repeats)
            referenceRead.conversions = UInt64(sum.conversions)
            referenceRead.clipped = UInt64(sum.clipped)
            return []
        }
    }

    private mutating func fill(_ product: ProductResult) -> [Frame] {
        multiply.conversions = UInt64(product.conversions)
        multiply.clipped = UInt64(product.clipped)
        multiply.referencePerInput = product.referencePerInput
        var frames: [Frame] = []
        switch product.values {
        case .codes(let codes, let lsb):
            multiply.lsb = lsb
            tensors = [.describe(.i32, shape: product.shape, unit: .code)]
            frames.append(Frame(elements: codes))
        case .products(let values):
            tensors = [.describe(.f32, shape: product.shape, unit: .product)]
            frames.append(Frame(elements: values))
        }
        if let ltm = product.ltm {
            multiply.ltmClipped = UInt64(ltm.clipped)
            tensors.append(.describe(.f32, shape: ltm.shape, unit: .product))
            frames.append(Frame(elements: ltm.products))
        }
        return frames
    }

    mutating func fill(_ simulation: SimulationReply) -> [Frame] {
        chipTimeS = simulation.chipTime.seconds
        switch simulation.result {
        case .clock(let mode):
            simulatedClock.mode = WireClockMode(mode)
            simulatedClock.rate = mode.wireRate
            simulatedClock.chipTimeS = simulation.chipTime.seconds
            return []
        case .faults(let added, let total):
            simulatedFault.added = UInt64(added)
            simulatedFault.total = UInt64(total)
            return []
        case .saved(let digest):
            simulatedSnapshot.stateDigest = .init(digest)
            return []
        case .restored(let digest, let epoch):
            simulatedRestore.stateDigest = .init(digest)
            simulatedRestore.epoch = epoch
            return []
        case .truth(let conductances, let deviations, let coefficients, let rows, let columns):
            simulatedTruth = WireSimulatedTruthResult()
            let planes: [([Float], WireTensor.Unit)] =
                [(conductances, .microsiemens)]
                + [deviations, coefficients].compactMap { $0 }.map { ($0, .ratio) }
            tensors = planes.map { .describe(.f32, shape: [rows, columns], unit: $0.1) }
            return planes.map { Frame(elements: $0.0) }
        }
    }
}

extension WireClockMode {
    init(_ mode: ClockMode) {
        switch mode {
        case .rate: self = .rate
        case .manual: self = .manual
        }
    }
}

extension ClockMode {
    /// 0 on a manual clock, which does not run.
    var wireRate: Double {
        switch self {
        case .rate(let rate): rate
        case .manual: 0
        }
    }
}

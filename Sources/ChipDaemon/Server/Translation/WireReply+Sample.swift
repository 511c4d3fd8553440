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
        case .codes(let codes, let shape, let lsb, let conversions, let clipped):
            multiply.lsb = lsb
            multiply.conversions = UInt64(conversions)
            multiply.clipped = UInt64(clipped)
            tensors = [.describe(.i32, shape: shape, unit: .code)]
            return [Frame(elements: codes)]
        case .products(let values, let shape, let conversions, let clipped):
            multiply.conversions = UInt64(conversions)
            multiply.clipped = UInt64(clipped)
            tensors = [.describe(.f32, shape: shape, unit: .product)]
            return [Frame(elements: values)]
        }
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

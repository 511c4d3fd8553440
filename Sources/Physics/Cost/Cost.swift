/// Simulated latency and energy of an operation, with what they consist of. Additive: the cost
/// of two operations, one after the other, is their sum.
///
/// - Units: ns, pJ.
/// - Source: firmware-specs/device.md (K-1) … (K-6).
public struct Cost: Sendable, Hashable {
    public enum Component: Int, Sendable, Hashable, CaseIterable {
        /// Current through the cells, V²·G·t.
        case array = 1
        /// DACs and word line drivers.
        case wordLines
        case adc
        /// Bit slices, phases and row tiles added up.
        case shiftAdd
        case buffers
        case programPulses
        case verifyReads
        /// Products of digital tiles.
        case digital
    }

    public struct Part: Sendable, Hashable {
        public var latencyNanoseconds: Double
        public var energyPicojoules: Double

        public init(latencyNanoseconds: Double, energyPicojoules: Double) {
            self.latencyNanoseconds = latencyNanoseconds
            self.energyPicojoules = energyPicojoules
        }
    }

    public private(set) var parts: [Component: Part] = [:]
    public var pulses: UInt64 = 0

    public init() {}

    public static let zero = Cost()

    public var latencyNanoseconds: Double {
        ordered.reduce(0) { $0 + $1.part.latencyNanoseconds }
    }
    public var energyPicojoules: Double { ordered.reduce(0) { $0 + $1.part.energyPicojoules } }

    /// Parts in the order of the components, so that sums do not depend on hashing.
    public var ordered: [(component: Component, part: Part)] {
        Component.allCases.compactMap { component in parts[component].map { (component, $0) } }
    }

    public mutating func add(
        _ component: Component, latencyNanoseconds: Double, energyPicojoules: Double
    ) {
        precondition(latencyNanoseconds >= 0)
        precondition(energyPicojoules >= 0)
        var part = parts[component] ?? Part(latencyNanoseconds: 0, energyPicojoules: 0)
        part.latencyNanoseconds += latencyNanoseconds
        part.energyPicojoules += energyPicojoules
        parts[component] = part
    }

    public static func + (lhs: Cost, rhs: Cost) -> Cost {
        var sum = lhs
        for (component, part) in rhs.ordered {
            sum.add(
                component, latencyNanoseconds: part.latencyNanoseconds,
                energyPicojoules: part.energyPicojoules)
        }
        sum.pulses += rhs.pulses
        return sum
    }
}

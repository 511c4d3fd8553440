/// Writes all weights once more, and the tuning columns where there are some: what
/// undoes drift whatever its law, at the price of pulses for every cell.
///
/// The deployment's matrices, scales and ADC ranges stay. A correction by tuning
/// columns is void afterwards and is taken off.
public struct Reprogramming: AdaptationStrategy {
    public var options: ProgramOptions

    /// - Parameter tolerance: of write-verify, relative to G_on; `nil`: the technology's.
    public init(_ method: ProgramOptions.Method = .writeVerify, tolerance: Double? = nil) {
        options = ProgramOptions(method, tolerance: tolerance, all: true)
    }

    public var name: String { "reprogramming, \(options.method.rawValue)" }
    public var data: AdaptationData { .nothing }
    public var writes: WrittenWeights { .all }

    public func adapt(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws {
        try session.acquireLease()
        defer { try? session.releaseLease() }
        var scales = QuantisationScales(layers: deployment.digital)
        for place in deployment.places { scales.layers[place.layer] = place.scales }
        var mapper = Mapper(network, scales: scales)
        mapper.digital = Set(deployment.digital.keys)
        _ = try mapper.program(&deployment, on: session, options: options)
    }
}

/// A layer that learns: its weights, the host's shadow, and the codes on the chip.
final class LearningLayer {
    let layer: MatrixLayer
    let place: Deployment.LayerPlace
    /// On the chip.
    private var written: WeightCodes

    init(_ layer: MatrixLayer, _ place: Deployment.LayerPlace) throws {
        self.layer = layer
        self.place = place
        written = try WeightQuantisation.codes(of: layer, scale: place.scales.weight)
    }

    /// Keeps the shadow where there are codes.
    func clampShadow() throws {
        let bound = place.scales.weight * Double(WeightQuantisation.codeMax)
        try layer.weight.clamp(to: -bound ... bound)
    }

    /// Programs the weights whose shadow is `threshold` codes or more from the chip's.
    func write(
        threshold: Int, method: ProgramOptions.Method, on session: any ChipSession
    ) throws {
        let wanted = try WeightQuantisation.codes(of: layer, scale: place.scales.weight)
        var mask = [UInt8](repeating: 0, count: wanted.values.count)
        var next = written
        for index in mask.indices
        where abs(Int(wanted.values[index]) - Int(written.values[index])) >= threshold {
            mask[index] = 1
            next.values[index] = wanted.values[index]
        }
        guard mask.contains(1) else { return }
        _ = try session.program(place.matrix, next, ProgramOptions(method, mask: mask))
        written = next
    }

    /// The shadow becomes what the chip holds.
    func settle() throws { try layer.assign(written, scale: place.scales.weight) }
}

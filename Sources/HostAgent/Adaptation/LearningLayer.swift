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

    /// What there was to write.
    struct Writing {
        var weights = 0
        /// Codes by which a shadow had left the chip's most.
        var largestMove = 0
    }

    /// Keeps the shadow where there are codes.
    func clampShadow() throws {
        let bound = place.scales.weight * Double(WeightQuantisation.codeMax)
        try layer.weight.clamp(to: -bound ... bound)
    }

    /// Programs the weights whose shadow is `threshold` codes or more from the chip's.
    func write(
        threshold: Int, method: ProgramOptions.Method, on session: any ChipSession
    ) throws -> Writing {
        let wanted = try WeightQuantisation.codes(of: layer, scale: place.scales.weight)
        var mask = [UInt8](repeating: 0, count: wanted.values.count)
        var next = written
        var writing = Writing()
        for index in mask.indices {
            let move = abs(Int(wanted.values[index]) - Int(written.values[index]))
            writing.largestMove = max(writing.largestMove, move)
            guard move >= threshold else { continue }
            writing.weights += 1
            mask[index] = 1
            next.values[index] = wanted.values[index]
        }
        if writing.weights > 0 {
            _ = try session.program(place.matrix, next, ProgramOptions(method, mask: mask))
            written = next
        }
        return writing
    }

    /// The shadow becomes what the chip holds.
    func settle() throws { try layer.assign(written, scale: place.scales.weight) }
}

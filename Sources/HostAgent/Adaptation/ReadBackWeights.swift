/// A network's weights as its chip holds them, as far as reading tells: what the host
/// trains around.
///
///     differential  w = s_w/⌊…⌋ · Σ_s L^s·(ḡ⁺_s − ḡ⁻_s)/Δ
///     offset        w = s_w/⌊…⌋ · (Σ_s L^s·(ḡ_s − G_off)/Δ − z),   z = 2^(KS−1)
///
/// with Δ = (G_on − G_off)/(L − 1), ⌊…⌋ the stretch of `BitSlices`, and ḡ the mean of R
/// reads, each with the chip's noise: what is off by reading falls as 1/√R.
public struct ReadBackWeights: LayerWeights {
    private let weights: [String: Tensor]

    /// Reads all matrices of a deployment once; layers that stay on the host or lie in
    /// digital cells have the weights of their codes.
    ///
    /// - Parameter repeats: R ≥ 1.
    public init(
        of network: Network, _ deployment: Deployment, on session: any ChipSession, repeats: Int
    ) throws {
        precondition(repeats >= 1)
        var weights: [String: Tensor] = [:]
        for layer in network.matrixLayers {
            if let scales = deployment.digital[layer.name] {
                weights[layer.name] = try Self.programmed(layer, scales)
                continue
            }
            guard let place = deployment.places.first(where: { $0.layer == layer.name }) else {
                continue
            }
            let sheet = try session.dataSheet(ofBank: place.matrix.bank)
            weights[layer.name] =
                sheet.isDigital
                ? try Self.programmed(layer, place.scales)
                : try layer.weight(
                    of: Self.codes(
                        session.readConductances(place.matrix, repeats: repeats), place.matrix,
                        sheet
                    ).map { Float(Double($0) * place.scales.weight) })
        }
        self.weights = weights
    }

    public func weight(of layer: MatrixLayer) throws -> Tensor {
        guard let weight = weights[layer.name] else {
            throw NetworkError.unknownLayer(layer.name, layers: weights.keys.sorted())
        }
        return weight
    }

    private static func programmed(_ layer: MatrixLayer, _ scales: LayerScales) throws -> Tensor {
        try layer.weight(
            of: WeightQuantisation.codes(of: layer, scale: scales.weight).values.map {
                Float(Double($0) * scales.weight)
            })
    }

    /// Weights on the scale of the codes, rows × columns, of conductances in µS,
    /// [slices, polarities, rows, columns].
    package static func codes(
        _ conductances: [Float], _ matrix: ChipMatrix, _ sheet: ChipDataSheet
    ) throws -> [Float] {
        let (slices, size) = (BitSlices(matrix), matrix.rows * matrix.columns)
        let isOffset = matrix.mapping == .offset
        guard conductances.count == slices.slices * matrix.mapping.polarities * size else {
            throw ChipSessionError.badReply(
                "\(conductances.count) conductances of a matrix of \(matrix.rows) × "
                    + "\(matrix.columns)")
        }
        let step = (sheet.onConductance - sheet.offConductance) / Double(slices.levels - 1)
        let zero = isOffset ? Double(1 << (slices.slices * slices.bits - 1)) : 0
        return (0 ..< size).map { weight in
            var sum = 0.0
            for slice in 0 ..< slices.slices {
                let first = slice * matrix.mapping.polarities * size + weight
                let reference =
                    isOffset ? sheet.offConductance : Double(conductances[first + size])
                sum +=
                    (Double(conductances[first]) - reference) / step
                    * Double(1 << (slice * slices.bits))
            }
            return Float((sum - zero) / Double(slices.stretch))
        }
    }
}

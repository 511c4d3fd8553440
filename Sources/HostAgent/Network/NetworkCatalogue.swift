/// The networks that `--model` knows.
public enum NetworkCatalogue {
    /// A fresh network; the seed decides its weights.
    public static func make(_ name: String, seed: UInt64) throws -> Network {
        let model = try ModelName(name)
        let generator = try RandomGenerator(seed: seed, purpose: "initial weights")
        switch model.family {
        case .lenet5: return try lenet5(generator)
        case .lenet8x8: return try lenet8x8(generator)
        case .vgg8: return try vgg8(model, generator)
        case .resnet20, .resnet32, .resnet44, .resnet56, .resnet110:
            return try residual(model, generator)
        }
    }
}

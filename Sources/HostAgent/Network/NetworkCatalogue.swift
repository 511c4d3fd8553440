/// The networks that `--model` knows.
public enum NetworkCatalogue {
    /// A fresh network; the seed decides its weights.
    public static func make(_ name: String, seed: UInt64) throws -> Network {
        var model = try ModelName(name)
        let block = model.block
        model.block = nil
        let network = try make(model, RandomGenerator(seed: seed, purpose: "initial weights"))
        if let block { try network.insert(block) }
        return network
    }

    private static func make(_ model: ModelName, _ generator: RandomGenerator) throws -> Network {
        switch model.family {
        case .lenet3: return try lenet3(model, generator)
        case .lenet5: return try lenet5(model, generator)
        case .lenet8x8: return try lenet8x8(model, generator)
        case .vgg8: return try vgg8(model, generator)
        case .vgg11: return try vgg(model, stacks: vgg11Stacks, generator)
        case .vgg16: return try vgg(model, stacks: vgg16Stacks, generator)
        case .resnet18: return try resNet18(model, generator)
        case .resnet20: return try residual(model, depth: 20, generator)
        case .resnet32: return try residual(model, depth: 32, generator)
        case .resnet44: return try residual(model, depth: 44, generator)
        case .resnet56: return try residual(model, depth: 56, generator)
        case .resnet110: return try residual(model, depth: 110, generator)
        case .densenet40: return try denseNet40(model, generator)
        }
    }
}

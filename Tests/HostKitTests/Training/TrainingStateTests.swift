import Foundation
import HostKit
import Testing

@Suite("A training that was killed goes on")
struct TrainingStateTests {
    struct Killed: Error {}

    static func plan(_ optimiser: OptimiserKind) -> TrainingPlan {
        var plan = TrainingPlan(
            epochs: 2, batch: 8, rate: 0.05, optimiser: optimiser, noise: 0.05, seed: 3)
        (plan.weightDecay, plan.crop, plan.mirrors, plan.warmUpEpochs) = (5e-4, 4, true, 1)
        return plan
    }

    static func images() throws -> ImageSet {
        let random = try RandomGenerator(seed: 9)
        return ImageSet(
            name: "noise",
            pixels: try random.uniform(0 ..< 256, [24, 3, 32, 32]).cast(to: .uint8),
            labels: try random.uniform(0 ..< 3, [24]).cast(to: .int64), pixelMax: 255)
    }

    static let model = "resnet20-w2-c3"

    @Test(arguments: [OptimiserKind.momentum(0.9, isNesterov: true), .adam])
    func bitForBit(optimiser: OptimiserKind) throws {
        let folder = try TemporaryFolder()
        let (plan, images) = (Self.plan(optimiser), try Self.images())
        let whole = try NetworkCatalogue.make(Self.model, seed: 3)
        try Trainer.train(whole, on: images, plan: plan)

        let state = TrainingState(path: "\(folder.path)/n.training")
        let killed = try NetworkCatalogue.make(Self.model, seed: 3)
        #expect(throws: Killed.self) {
            try Trainer.train(killed, on: images, plan: plan, state: state) {
                if $0.epoch == 2 { throw Killed() }
            }
        }
        // Another seed: all that counts comes from the file.
        let resumed = try NetworkCatalogue.make(Self.model, seed: 77)
        var epochs: Set<Int> = []
        try Trainer.train(resumed, on: images, plan: plan, state: state) { epochs.insert($0.epoch) }
        #expect(epochs == [2])
        for (mine, theirs) in zip(whole.tensors, resumed.tensors) {
            #expect(try mine.tensor.floats() == theirs.tensor.floats(), "\(mine.name)")
        }
        try state.remove()
        #expect(!FileManager.default.fileExists(atPath: state.path))
    }

    /// What each kind of training draws depends on the seed and the epoch alone.
    enum Kind: CaseIterable {
        case varied, variedAndRounded, rounded, wage, augmented, consistent

        var plan: TrainingPlan {
            var plan = TrainingStateTests.plan(.adam)
            plan.noise = 0
            switch self {
            case .varied, .variedAndRounded:
                plan.variation = .mixed(.weightProportional, total: 0.3)
                plan.variationSamples = 2
                if self == .variedAndRounded { plan.bits = .a2w2 }
            case .rounded: (plan.bits, plan.noise) = (BitSetting(activations: 2, weights: 3), 0.1)
            case .wage: plan.use(WAGE())
            case .augmented: plan.augmentations = [.cutMix]
            case .consistent: (plan.augmentations, plan.consistency) = ([.cutout, .augMix], 12)
            }
            return plan
        }
    }

    @Test(arguments: Kind.allCases)
    func everyKindOfTrainingGoesOnBitForBit(kind: Kind) throws {
        let folder = try TemporaryFolder()
        let (plan, images) = (kind.plan, try Self.images())
        func fresh() throws -> Network {
            let network = try NetworkCatalogue.make(Self.model, seed: 3)
            if let wage = plan.wage {
                try wage.initialise(network, from: RandomGenerator(seed: 3))
            }
            return network
        }
        let whole = try fresh()
        try Trainer.train(whole, on: images, plan: plan)
        let state = TrainingState(path: "\(folder.path)/n.training")
        #expect(throws: Killed.self) {
            try Trainer.train(fresh(), on: images, plan: plan, state: state) {
                if $0.epoch == 2 { throw Killed() }
            }
        }
        let resumed = try fresh()
        var epochs: Set<Int> = []
        try Trainer.train(resumed, on: images, plan: plan, state: state) { epochs.insert($0.epoch) }
        #expect(epochs == [2])
        for (mine, theirs) in zip(whole.tensors, resumed.tensors) {
            #expect(try mine.tensor.floats() == theirs.tensor.floats(), "\(mine.name)")
        }
        // Another seed's deviations, roundings or changes are others.
        var other = plan
        other.seed = 4
        let another = try fresh()
        try Trainer.train(another, on: images, plan: other)
        #expect(
            try another.tensors.flatMap { try $0.tensor.floats() }
                != whole.tensors.flatMap { try $0.tensor.floats() })
    }

    /// A run from other weights is another one, though the plan be the same.
    @Test func theStartingPointMustBeTheSame() throws {
        let folder = try TemporaryFolder()
        let (plan, images) = (Self.plan(.adam), try Self.images())
        func train(from start: String?) throws {
            var state = TrainingState(path: "\(folder.path)/n.training")
            state.start = start
            try Trainer.train(
                NetworkCatalogue.make(Self.model, seed: 3), on: images, plan: plan, state: state
            ) {
                if $0.epoch == 2 { throw Killed() }
            }
        }
        #expect(throws: Killed.self) { try train(from: "a") }
        for other in ["b", nil] {
            #expect(throws: DataError.self) { try train(from: other) }
        }
        #expect(throws: Killed.self) { try train(from: "a") }
    }

    /// Each option of the plan is among what must be the same; so are the steps of
    /// rounding and the colour of the frame, which the start decides.
    @Test func everyOptionMustBeTheSame() throws {
        let folder = try TemporaryFolder()
        let images = try Self.images()
        var plan = Kind.variedAndRounded.plan
        plan.stopping = StoppingRule(patience: 2, noise: 0.1)
        let state = TrainingState(path: "\(folder.path)/n.training")
        func train(_ plan: TrainingPlan, _ network: Network) throws {
            try Trainer.train(network, on: images, plan: plan, heldOut: images, state: state) {
                if $0.epoch == 2 { throw Killed() }
            }
        }
        func network() throws -> Network { try NetworkCatalogue.make(Self.model, seed: 3) }
        #expect(throws: Killed.self) { try train(plan, network()) }
        let changes: [(inout TrainingPlan) -> Void] = [
            { $0.bits = BitSetting(activations: 2, weights: 3) }, { $0.bits = nil },
            { $0.variation = .mixed(.layerFixed, total: 0.3) },
            { $0.variation = WeightVariation(.weightProportional, withinChip: 0.3) },
            { $0.variationSamples = 1 }, { $0.augmentations = [.cutout] },
            { $0.consistency = 12 }, { $0.use(WAGE()) }, { $0.stopping?.patience = 3 },
            { $0.stopping = StoppingRule(patience: 2, noise: 0.2) }, { $0.seed = 4 },
        ]
        for change in changes {
            var other = plan
            change(&other)
            #expect(throws: DataError.self) { try train(other, network()) }
        }
        let wider = try network()
        try wider.matrixLayers[0].weight.scale(by: 2)
        #expect(throws: DataError.self) { try train(plan, wider) }
        let framed = try network()
        let before = try framed.matrixLayers[0].weight.floats()
        try InputNormalisation(mean: [0.1, 0.2, 0.3], deviation: [1, 1, 1]).fold(into: framed)
        #expect(try framed.matrixLayers[0].weight.floats() == before)
        #expect(throws: DataError.self) { try train(plan, framed) }
        #expect(throws: Killed.self) { try train(plan, network()) }
    }

    @Test func anotherPlanIsRefused() throws {
        let folder = try TemporaryFolder()
        let (plan, images) = (Self.plan(.adam), try Self.images())
        let state = TrainingState(path: "\(folder.path)/n.training")
        let network = try NetworkCatalogue.make(Self.model, seed: 3)
        #expect(throws: Killed.self) {
            try Trainer.train(network, on: images, plan: plan, state: state) {
                if $0.epoch == 2 { throw Killed() }
            }
        }
        var other = plan
        other.rate = 0.04
        let differences = DataError.wrongContent(
            file: state.path, expected: "the state of a training with plan.rate 0.04",
            found: "plan.rate 0.05")
        #expect(throws: differences) {
            try Trainer.train(network, on: images, plan: other, state: state)
        }
        (other.rate, other.optimiser, other.bits) = (0.05, .momentum(0.9), .a2w2)
        let others = DataError.wrongContent(
            file: state.path,
            expected: "the state of a training with plan.bits {\"activations\":2,\"weights\":2}, "
                + "plan.optimiser {\"momentum\":{\"_0\":0.9,\"isNesterov\":false}}",
            found: "plan.bits none, plan.optimiser {\"adam\":{}}")
        #expect(throws: others) {
            try Trainer.train(network, on: images, plan: other, state: state)
        }
        #expect(throws: DataError.self) {
            try Trainer.train(network, on: images.first(16), plan: plan, state: state)
        }
    }
}

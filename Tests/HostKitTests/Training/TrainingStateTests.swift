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
        #expect(throws: DataError.self) {
            try Trainer.train(network, on: images, plan: other, state: state)
        }
        #expect(throws: DataError.self) {
            try Trainer.train(network, on: images.first(16), plan: plan, state: state)
        }
    }
}

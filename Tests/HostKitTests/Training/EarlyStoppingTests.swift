import Foundation
import HostKit
import Testing

@Suite("Early stopping on noisy held-out accuracy")
struct EarlyStoppingTests {
    struct Killed: Error {}

    static func plan(noise: Double, patience: Int = 2, epochs: Int = 40) -> TrainingPlan {
        var plan = TrainingPlan(epochs: epochs, rate: 1e-2, noise: 0.07, seed: 5)
        plan.stopping = StoppingRule(patience: patience, noise: noise)
        return plan
    }

    static func sets() throws -> (training: ImageSet, heldOut: ImageSet) {
        let digits = try EmbeddedDigits.load().training
        return (try digits.first(320), try digits.narrowed(400 ..< 600))
    }

    static func network() throws -> Network { try NetworkCatalogue.make("lenet-8x8", seed: 5) }

    /// Without noise the accuracies can be counted beside the trainer.
    @Test func theBestEpochIsKeptAndPatienceEndsTheTraining() throws {
        let (training, heldOut) = try Self.sets()
        let network = try Self.network()
        var weights: [[Float]] = []
        var correct: [Int] = []
        let best = try #require(
            try Trainer.train(
                network, on: training, plan: Self.plan(noise: 0), heldOut: heldOut
            ) { progress in
                guard progress.endsEpoch else { return }
                weights.append(try network.tensors.flatMap { try $0.tensor.floats() })
                correct.append(
                    try Evaluation.accuracy(network, with: FloatProducts(), on: heldOut).correct)
            })
        #expect(correct.count < 40 && correct.count == best.epoch + 2)
        let largest = try #require(correct.max())
        #expect(correct.firstIndex(of: largest) == best.epoch - 1)
        #expect(best.accuracy == Accuracy(correct: largest, count: 200))
        #expect(try network.tensors.flatMap { try $0.tensor.floats() } == weights[best.epoch - 1])
    }

    /// A deviation of each weight as large as the largest leaves little.
    @Test func theAccuracyIsThatUnderNoise() throws {
        let (training, heldOut) = try Self.sets()
        func best(_ noise: Double) throws -> Accuracy {
            try #require(
                try Trainer.train(
                    Self.network(), on: training,
                    plan: Self.plan(noise: noise, patience: 20, epochs: 20),
                    heldOut: heldOut)
            ).accuracy
        }
        let (clean, noisy) = (try best(0), try best(1))
        #expect(clean.count == 200 && clean.fraction > 0.7)
        #expect(noisy.count == 600 && noisy.fraction < 0.5)
    }

    @Test func aKilledTrainingKeepsItsBestEpoch() throws {
        let folder = try TemporaryFolder()
        let (training, heldOut) = try Self.sets()
        let plan = Self.plan(noise: 0.1, patience: 3)
        let whole = try Self.network()
        let best = try Trainer.train(whole, on: training, plan: plan, heldOut: heldOut)
        let bestEpoch = try #require(best).epoch

        let state = TrainingState(path: "\(folder.path)/n.training")
        // Killed when the best epoch lies behind: what is kept must bring it back.
        #expect(throws: Killed.self) {
            try Trainer.train(
                Self.network(), on: training, plan: plan, heldOut: heldOut, state: state
            ) {
                if $0.epoch == bestEpoch + 2 { throw Killed() }
            }
        }
        for _ in 0 ..< 2 {
            // The second time the file is that of a training that is over.
            let resumed = try Self.network()
            let again = try Trainer.train(
                resumed, on: training, plan: plan, heldOut: heldOut, state: state)
            #expect(again == best)
            for (mine, theirs) in zip(whole.tensors, resumed.tensors) {
                #expect(try mine.tensor.floats() == theirs.tensor.floats(), "\(mine.name)")
            }
        }
    }

    @Test func withoutHeldOutImagesItIsRefused() throws {
        let training = try Self.sets().training
        for heldOut in [nil, try training.narrowed(0 ..< 0)] {
            #expect(throws: NetworkError.noHeldOutImages) {
                try Trainer.train(
                    Self.network(), on: training, plan: Self.plan(noise: 0), heldOut: heldOut)
            }
        }
    }

    /// A state_dict becomes a checkpoint without a step of training.
    @Test func aTrainingStartsFromAFile() throws {
        let folder = try TemporaryFolder()
        let network = try Self.network()
        let path = "\(folder.path)/state.safetensors"
        try SafeTensors(
            metadata: [:],
            entries: network.tensors.map {
                .init(name: $0.name, shape: $0.tensor.shape, values: try $0.tensor.floats())
            }
        ).write(to: path)
        var plan = TrainingPlan(epochs: 0, seed: 77)
        let run = TrainingRun(
            model: "lenet-8x8", data: .embeddedDigits, holdOut: 0, plan: plan,
            start: .init(file: path),
            command: "-")
        let result = try run.run()
        #expect(result.imagesSeen == 0 && result.best == nil && result.exits == nil)
        for (mine, theirs) in zip(network.tensors, result.checkpoint.network.tensors) {
            #expect(try mine.tensor.floats() == theirs.tensor.floats(), "\(mine.name)")
        }
        plan.epochs = 1
        #expect(throws: DataError.self) {
            _ = try TrainingRun(
                model: "lenet5", data: .embeddedDigits, plan: plan, start: .init(file: path),
                command: "-"
            ).run()
        }
    }
}

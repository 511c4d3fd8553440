import Foundation
import HostKit
import Testing

@Suite("Several exits")
struct ExitTests {
    /// ln 4 for four classes alike; p = (1/4, 3/4): 2·ln 2 − (3/4)·ln 3; certainty: 0.
    @Test(
        arguments: [
            ([3, 3, 3, 3], 1.386_294_361_119_890_6), ([0, 1.098_612_3], 0.562_335_144_618_808_4),
            ([1000, 0, -1000], 0),
        ] as [([Float], Double)])
    func entropyIsTheClosedForm(scores: [Float], expected: Double) {
        #expect(abs(Network.entropy(scores) - expected) < 1e-7)
    }

    static func network() throws -> Network {
        try NetworkCatalogue.make("resnet20-w2-e3", seed: 8)
    }

    /// The network on a chip of exact numbers.
    static func deployed(images count: Int) throws -> (
        network: Network, images: ImageSet, chip: DigitalChip, deployment: Deployment
    ) {
        let (network, images, chip) = (try network(), try images(count), try DigitalChip())
        return (
            network, images, chip, try chip.deploy(network, calibration: images, .openLoop)
        )
    }

    /// Scales the head of an exit until half of the images have an entropy below
    /// `threshold` there: the entropy falls with the scale.
    static func balance(_ network: Network, _ head: String, _ scores: [Float], _ threshold: Double)
        throws
    {
        func median(_ factor: Double) -> Double {
            let scaled = scores.map { $0 * Float(factor) }
            return stride(from: 0, to: scaled.count, by: 10)
                .map { Network.entropy(scaled[$0 ..< $0 + 10]) }.sorted()[scaled.count / 20]
        }
        var (low, high) = (0.0, 1e6)
        for _ in 0 ..< 60 {
            let middle = (low + high) / 2
            if median(middle) > threshold { low = middle } else { high = middle }
        }
        let layer = try #require(network.matrixLayers.first { $0.name == head })
        try layer.weight.scale(by: high)
        try layer.bias?.scale(by: high)
    }

    static func images(_ count: Int) throws -> ImageSet {
        let random = try RandomGenerator(seed: 9)
        return ImageSet(
            name: "noise",
            pixels: try random.uniform(0 ..< 256, [count, 3, 32, 32]).cast(to: .uint8),
            labels: try random.uniform(0 ..< 10, [count]).cast(to: .int64), pixelMax: 255)
    }

    @Test func exitsStandBehindEachStage() throws {
        let network = try Self.network()
        #expect(network.exitCount == 3)
        #expect(
            network.blocks.filter { !$0.exit.isEmpty }.map(\.name) == ["layer1.2", "layer2.2"])
        #expect(
            network.matrixLayers.map(\.name).filter { !$0.contains("conv") }
                == ["exit1", "exit2", "linear"])
        #expect(network.exitWeights.map { Int(($0 * 6).rounded()) } == [3, 2, 1])
        #expect(try NetworkCatalogue.make("resnet20-w2", seed: 8).exitWeights == [1])
    }

    /// Σ w_e·L_e with the losses of each exit taken alone.
    @Test func theLossWeighsTheExits() throws {
        let network = try Self.network()
        let (images, labels) = try Self.images(4).batch(0 ..< 4)
        let losses = try network.exitScores(images, with: FloatProducts()).map {
            try $0.crossEntropy(labels, smoothing: 0.1).scalar()
        }
        let loss = try network.loss(images, labels, smoothing: 0.1, with: FloatProducts())
        let expected = (3 * losses[0] + 2 * losses[1] + losses[2]) / 6
        #expect(abs(try loss.scalar() - expected) < 1e-5)
        #expect(Set(losses).count == 3)
    }

    /// Against the scores of all exits, computed for all images.
    @Test func imagesLeaveAtTheFirstExitThatIsSure() throws {
        let network = try Self.network()
        let set = try Self.images(60)
        let (images, labels) = try set.batch(0 ..< 60)
        func exitScores() throws -> [[Float]] {
            try noGrad {
                try network.exitScores(images, with: FloatProducts()).map { try $0.floats() }
            }
        }
        let threshold = 1.0
        for (head, scores) in zip(["exit1", "exit2"], try exitScores()) {
            try Self.balance(network, head, scores, threshold)
        }
        let scores = try exitScores()
        let entropies = scores.map { values in
            (0 ..< 60).map { Network.entropy(values[$0 * 10 ..< ($0 + 1) * 10]) }
        }
        let expected = (0 ..< 60).map { image in
            let exit = entropies[0][image] < threshold ? 0 : entropies[1][image] < threshold ? 1 : 2
            let row = Array(scores[exit][image * 10 ..< (image + 1) * 10])
            return [exit, row.firstIndex(of: row.max() ?? 0) ?? -1]
        }
        let found = try noGrad {
            try network.departures(images, threshold: threshold, with: FloatProducts())
        }
        #expect(found.map { [$0.exit, $0.predicted] } == expected)
        let counts = (0 ..< 3).map { exit in found.count { $0.exit == exit } }
        #expect(counts.allSatisfy { $0 > 5 }, "\(counts)")

        let report = try Evaluation.earlyExits(
            network, with: FloatProducts(), on: set, threshold: threshold, batch: 25)
        #expect(report.exits.map(\.count) == counts)
        #expect(abs(report.shares.reduce(0, +) - 1) < 1e-12)
        #expect(report.shares[0] == Double(counts[0]) / 60)
        let truth = try labels.integers()
        #expect(
            report.accuracy.correct == zip(expected, truth).filter { $0[1] == $1 }.count)
    }

    @Test func thresholdsAtTheEndsSendAllToOneExit() throws {
        let network = try Self.network()
        let set = try Self.images(8)
        let each = try Evaluation.exitAccuracies(network, with: FloatProducts(), on: set, batch: 3)
        for (threshold, exit) in [(0.0, 2), (Double.infinity, 0)] {
            let report = try Evaluation.earlyExits(
                network, with: FloatProducts(), on: set, threshold: threshold)
            #expect(report.exits.map(\.count) == (0 ..< 3).map { $0 == exit ? 8 : 0 })
            #expect(report.accuracy == each[exit])
        }
    }

    /// Every exit's head and every stage learn.
    @Test func trainingReachesAllExits() throws {
        let network = try Self.network()
        let before = try network.parameters.map { try $0.tensor.floats() }
        try Trainer.train(
            network, on: Self.images(8),
            plan: TrainingPlan(epochs: 1, batch: 8, rate: 0.1, optimiser: .momentum(0.9), noise: 0))
        for (named, old) in zip(network.parameters, before) {
            #expect(try named.tensor.floats() != old, "\(named.name)")
        }
    }

    /// A diverged network's entropies are no numbers.
    @Test func imagesWithoutAnEntropyLeaveAtTheLastExit() throws {
        let network = try Self.network()
        for layer in network.matrixLayers { try layer.weight.scale(by: .nan) }
        let images = try Self.images(4).batch(0 ..< 4).images
        for threshold in [0.5, Double.infinity] {
            let found = try noGrad {
                try network.departures(images, threshold: threshold, with: FloatProducts())
            }
            #expect(found.map(\.exit) == [2, 2, 2, 2])
        }
    }
}

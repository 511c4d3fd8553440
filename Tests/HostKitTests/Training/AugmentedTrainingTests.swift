import Foundation
import HostKit
import Testing

@Suite("Training on augmented images")
struct AugmentedTrainingTests {
    /// Softmax in double precision.
    static func probabilities(_ scores: Tensor) throws -> [[Double]] {
        let (count, classes) = (scores.shape[0], scores.shape[1])
        let values = try scores.floats().map(Double.init)
        return (0 ..< count).map { row in
            let powers = values[row * classes ..< (row + 1) * classes].map { exp($0) }
            return powers.map { $0 / powers.reduce(0, +) }
        }
    }

    /// (1/V)·Σ_v Σ_k p·ln(p/m), the mean over rows, as it is defined.
    static func divergence(_ views: [[[Double]]]) -> Double {
        let rows = views[0].indices.map { row -> Double in
            let predictions = views.map { $0[row] }
            return predictions[0].indices.reduce(0) { sum, k in
                let mean = predictions.reduce(0) { $0 + $1[k] } / Double(views.count)
                return predictions.reduce(sum) {
                    $0 + ($1[k] > 0 ? $1[k] * log($1[k] / mean) : 0) / Double(views.count)
                }
            }
        }
        return rows.reduce(0, +) / Double(rows.count)
    }

    @Test func theDivergenceIsItsDefinition() throws {
        let random = try RandomGenerator(seed: 3)
        let logits = try (0 ..< 3).map { _ in try random.normal([5, 4]).scaled(by: 2) }
        let known = Self.divergence(try logits.map(Self.probabilities))
        #expect(known > 0.1)
        #expect(abs(try Tensor.jensenShannonDivergence(logits).scalar() - known) < 1e-6)
        // Alike; and as far apart as can be.
        let same = try Tensor.jensenShannonDivergence([logits[0], logits[0], logits[0]]).scalar()
        #expect(abs(same) < 1e-6)
        let apart = try (0 ..< 3).map { view in
            try Tensor.floats((0 ..< 3).map { $0 == view ? 200 : 0 }, shape: [1, 3])
        }
        #expect(abs(try Tensor.jensenShannonDivergence(apart).scalar() - log(3)) < 1e-6)
    }

    @Test func theDivergencesGradientIsThatOfDifferences() throws {
        let random = try RandomGenerator(seed: 4)
        let logits = try (0 ..< 3).map { _ in try random.normal([2, 3]) }
        for tensor in logits { try tensor.setRequiresGradient() }
        try Tensor.jensenShannonDivergence(logits).backward()
        for tensor in logits {
            let gradient = try #require(try tensor.gradient()).floats()
            for index in 0 ..< tensor.count {
                let expected = try GradientTests.difference(tensor, index) {
                    try Tensor.jensenShannonDivergence(logits).scalar()
                }
                #expect(abs(Double(gradient[index]) - expected) < 4e-4)
            }
        }
    }

    /// The first step's loss, worked out beside the trainer: −Σ ỹ·ln p of the changed
    /// images, and λ·JS of the views.
    @Test(arguments: [
        ([AugmentationKind.cutout], 0.0), ([.cutMix], 0), ([.augMix], 0), ([.augMix], 12),
        ([.cutMix, .augMix], 3), ([.cutout, .augMix], 12),
    ])
    func theLossIsThatOfTheChangedImages(kinds: [AugmentationKind], consistency: Double) throws {
        let images = try EmbeddedDigits.load().training.first(40)
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 3)
        // Sure enough that changes show.
        for layer in network.matrixLayers { try layer.weight.scale(by: 2) }
        // One whose first step CutMix doesn't leave alone.
        let seed = try #require(
            (1 ... 50).first { (seed: UInt64) in
                var random = RandomStream(seed: seed, purpose: "augmentation, epoch 0")
                return random.uniform() < 0.5
            })
        var plan = TrainingPlan(epochs: 1, batch: 40, rate: 1e-9, noise: 0, seed: seed)
        plan.augmentations = kinds
        plan.consistency = consistency

        let order = try RandomGenerator(seed: seed, purpose: "order of images, epoch 0")
            .permutation(40)
        let (inputs, labels) = try images.batch(order)
        var random = RandomStream(seed: seed, purpose: "augmentation, epoch 0")
        let plain = try LabelledImages(images: inputs, labels: labels, classes: 10)
        var batch = plain
        if kinds.contains(.cutMix) { batch = try CutMix()(batch, random: &random) }
        if kinds.contains(.cutout) { batch = try Cutout(side: 4)(batch, random: &random) }
        var views = [batch.images]
        if consistency > 0 {
            let mixed = try AugMix().views(batch, random: &random)
            views += [mixed.first, mixed.second]
        } else if kinds.contains(.augMix) {
            batch = try AugMix()(batch, random: &random)
            views = [batch.images]
        }
        func expected(_ views: [Tensor], _ shares: Tensor) throws -> Double {
            let predictions = try views.map {
                try Self.probabilities(network.scores($0, with: FloatProducts()))
            }
            let shares = try shares.floats()
            let crossEntropy = predictions[0].enumerated().reduce(0.0) { sum, row in
                row.element.enumerated().reduce(sum) {
                    $0 - Double(shares[row.offset * 10 + $1.offset]) * log($1.element)
                }
            }
            return crossEntropy / 40 + consistency * Self.divergence(predictions)
        }
        let known = try expected(views, batch.shares)
        let unchanged = try expected([plain.images], plain.shares)
        #expect(abs(known - unchanged) > 1e-3)
        var losses: [Double] = []
        try Trainer.train(network, on: images, plan: plan) { losses.append($0.loss ?? .nan) }
        #expect(losses.count == 1)
        #expect(abs(losses[0] - known) < 1e-4 * known, "\(losses[0]), \(known)")
    }

    @Test func eachOnceAndCutoutNotWithCutMix() {
        #expect([AugmentationKind]().combine)
        #expect([AugmentationKind.cutout, .augMix].combine)
        #expect([AugmentationKind.cutMix, .augMix].combine)
        #expect(![AugmentationKind.cutMix, .cutout].combine)
        #expect(![AugmentationKind.augMix, .augMix].combine)
    }

    /// Labels beyond a network's classes are said so before the first step.
    @Test func aNetworkOfFewerClassesIsRefused() throws {
        #expect(
            throws: NetworkError.tooFewClasses(network: "lenet-8x8-c5", classes: 5, label: 9)
        ) {
            _ = try TrainingRun(
                model: "lenet-8x8-c5", data: .embeddedDigits, plan: TrainingPlan(), command: "-"
            ).run()
        }
    }
}

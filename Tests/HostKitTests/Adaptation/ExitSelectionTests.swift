import HostKit
import Testing

@Suite("Exits by a rule")
struct ExitSelectionTests {
    /// Products in floating point that note which layers are asked, and for how many images.
    private final class Counted: MatrixProducts {
        var asked: [(layer: String, images: Int)] = []
        func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
            asked.append((layer.name, input.shape[0]))
            return try FloatProducts().product(of: layer, with: input)
        }
    }

    @Test(arguments: [0, 1, 2])
    func nothingBehindTheExitIsAsked(exit: Int) throws {
        let network = try ExitTests.network()
        let set = try ExitTests.images(6)
        let counted = Counted()
        let left = try Evaluation.departures(
            network, with: counted, on: set, by: .at(exit: exit), batch: 4)
        let alone = try Evaluation.exitAccuracies(network, with: FloatProducts(), on: set)
        #expect(left[exit] == alone[exit])
        #expect(left.map(\.count) == (0 ..< 3).map { $0 == exit ? 6 : 0 })
        let stages = ["conv1", "layer1", "layer2", "layer3"].prefix(exit + 2)
        let head = ["exit1", "exit2", "linear"][exit]
        let expected = network.matrixLayers.map(\.name).filter { name in
            name == head || stages.contains { name.hasPrefix($0) }
        }
        #expect(Set(counted.asked.map(\.layer)) == Set(expected))
    }

    /// The layers of a stage see the images that no exit before it was sure of, together.
    @Test func whoHasLeftIsNotAskedFor() throws {
        let network = try ExitTests.network()
        let set = try ExitTests.images(40)
        let (images, _) = try set.batch(0 ..< 40)
        for (head, exit) in [("exit1", 0), ("exit2", 1)] {
            let scores = try noGrad {
                try network.exitScores(images, with: FloatProducts())[exit].floats()
            }
            try ExitTests.balance(network, head, scores, 1)
        }
        let counted = Counted()
        let left = try Evaluation.departures(
            network, with: counted, on: set, by: .below(entropy: 1))
        #expect(left.allSatisfy { $0.count > 3 })
        let waiting = [40, 40 - left[0].count, left[2].count]
        for (layer, count) in counted.asked {
            let stage = layer == "conv1" || layer == "exit1" ? 1 : Int(layer.dropFirst(5).prefix(1))
            let expected = waiting[layer == "exit2" ? 1 : layer == "linear" ? 2 : stage! - 1]
            #expect(count == expected, "\(layer)")
        }
        #expect(
            try Evaluation.accuracy(
                network, with: FloatProducts(), on: set, by: .below(entropy: 1))
                == left.reduce(Accuracy(correct: 0, count: 0), +))
    }

    private typealias Outcome = ExitSelection.Outcome

    private static func images(_ correct: [[Bool]], _ entropies: [[Double]]) -> [[Outcome]] {
        zip(correct, entropies).map { zip($0, $1).map { Outcome(entropy: $1, isCorrect: $0) } }
    }

    @Test func theMostAccurateRuleIsChosen() {
        let choice = ExitSelection(thresholds: [0.2, 1])
        // Exit 1 alone: 2 of 3; exit 2 alone: 1; sure ones out at exit 1: all 3.
        let mixed = Self.images(
            [[true, false], [true, false], [false, true]], [[0.1, 9], [0.1, 9], [0.5, 9]])
        #expect(choice.best(mixed) == .below(entropy: 0.2))
        // Of equals the shallowest: exit 1 for all, before thresholds that send all there.
        let alike = Self.images([[true, true], [true, true]], [[0.1, 0.1], [0.1, 0.1]])
        #expect(choice.best(alike) == .at(exit: 0))
        // One of two leaves early for nothing lost.
        let half = Self.images([[true, true], [false, true]], [[0.1, 0.1], [1.5, 0.1]])
        #expect(choice.best(half) == .below(entropy: 0.2))
        // Not a number is below nothing.
        let lost = Self.images([[false, true]], [[.nan, .nan]])
        #expect(choice.best(lost) == .at(exit: 1))
    }

    /// Labels are what exit 2 says: it alone is right about every image.
    @Test func theChoiceFollowsTheProducts() throws {
        let network = try ExitTests.network()
        let noise = try ExitTests.images(30)
        let predicted = try noGrad {
            try network.scores(
                noise.batch(0 ..< 30).images, atExit: 1, with: FloatProducts()
            ).indexOfMaximum(dimension: 1)
        }
        let images = ImageSet(
            name: "named by exit 2", pixels: noise.pixels, labels: predicted, pixelMax: 255)
        let rule = try ExitSelection(thresholds: [], batch: 7).rule(
            for: network, with: FloatProducts(), on: images)
        #expect(rule == .at(exit: 1))
        let plain = try NetworkCatalogue.make("resnet20-w2", seed: 1)
        #expect(throws: AdaptationError.oneExit(network: "resnet20-w2")) {
            _ = try ExitSelection().rule(for: plain, with: FloatProducts(), on: images)
        }
    }

    @Test func aDeploymentKeepsTheRuleAndRefusesOneThatDoesNotFit() throws {
        let folder = try TemporaryFolder()
        let (network, _, chip, asDeployed) = try ExitTests.deployed(images: 2)
        var deployment = asDeployed
        for rule in [ExitRule.at(exit: 2), .below(entropy: 0.5), .below(entropy: 0)] {
            deployment.exitRule = rule
            try deployment.write(to: "\(folder.path)/d.json")
            let back = try Deployment(contentsOf: "\(folder.path)/d.json")
            #expect(back.exitRule == rule)
            try back.check(chip, holds: network, file: "d")
        }
        for rule in [ExitRule.at(exit: 3), .at(exit: -1), .below(entropy: -1)] {
            deployment.exitRule = rule
            #expect(throws: DataError.self) {
                try deployment.check(chip, holds: network, file: "d")
            }
        }
    }
}

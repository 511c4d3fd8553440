import HostKit
import Testing

@Suite("Augmentation")
struct AugmentationTests {
    static func random(_ index: Int = 0) -> RandomStream {
        RandomStream(seed: 11, purpose: "augmentation", index: index)
    }

    /// Image i is (i + 1)/n everywhere; its class is i modulo 10.
    static func flat(_ count: Int, side: Int = 32) throws -> LabelledImages {
        let values = (0 ..< count).flatMap {
            [Float](repeating: Float($0 + 1) / Float(count), count: 3 * side * side)
        }
        return try LabelledImages(
            images: .floats(values, shape: [count, 3, side, side]),
            labels: .integers((0 ..< count).map { Int64($0 % 10) }, shape: [count]), classes: 10)
    }

    @Test func labelsBecomeShares() throws {
        let shares = try Self.flat(3).shares
        #expect(shares.shape == [3, 10])
        #expect(try shares.sum() == 3)
        #expect(try shares.indexOfMaximum(dimension: 1).integers() == [0, 1, 2])
    }

    /// −Σ ỹ·log softmax, worked out by hand for a mixture of two classes.
    @Test func crossEntropyTakesShares() throws {
        let logits = try Tensor.floats([0, 1, 2], shape: [1, 3])
        let shares = try Tensor.floats([0.25, 0, 0.75], shape: [1, 3])
        // log(1 + e + e²) = 2.407606; the shares weigh the logits 0 and 2.
        #expect(abs(try logits.crossEntropy(shares).scalar() - (2.407_606 - 1.5)) < 1e-5)
        let labels = try Tensor.integers([Int64(2)], shape: [1])
        let one = try LabelledImages(
            images: .full(0, shape: [1, 1, 8, 8]), labels: labels, classes: 3)
        #expect(
            abs(
                try logits.crossEntropy(one.shares).scalar()
                    - logits.crossEntropy(labels).scalar()) < 1e-6)
    }

    /// A square of 16 whose centre is any pixel covers 14 of 32 in the mean in each direction,
    /// 196 pixels with a standard deviation of 51.9.
    @Test func cutoutHidesOneSquare() throws {
        var random = Self.random()
        let count = 2_000
        let batch = try Self.flat(count)
        let cut = try Cutout()(batch, random: &random)
        let values = try cut.images.floats()
        var hidden = 0
        for image in 0 ..< count {
            let plane = values[image * 3072 ..< image * 3072 + 1024]
            let zeros = plane.indices.filter { values[$0] == 0 }.map { $0 - plane.startIndex }
            let rows = Set(zeros.map { $0 / 32 }), columns = Set(zeros.map { $0 % 32 })
            #expect(zeros.count == rows.count * columns.count)
            #expect((8 ... 16).contains(rows.count) && (8 ... 16).contains(columns.count))
            #expect(Array(plane) == Array(values[image * 3072 + 1024 ..< image * 3072 + 2048]))
            hidden += zeros.count
        }
        let bound = 3.29 * 51.9 / Double(count).squareRoot()  // 99.9 %
        #expect(abs(Double(hidden) / Double(count) - 196) < bound)
        #expect(try cut.shares.floats() == batch.shares.floats())
    }

    @Test func cutMixLabelsSayWhatTheImageIsMadeOf() throws {
        let count = 10
        let batch = try Self.flat(count)
        var mixedSteps = 0
        for step in 0 ..< 40 {
            var random = Self.random(step)
            let mixed = try CutMix(probability: 1)(batch, random: &random)
            let values = try mixed.images.floats()
            let shares = try mixed.shares.floats()
            for image in 0 ..< count {
                var found = [Float](repeating: 0, count: count)
                for value in values[image * 3072 ..< image * 3072 + 1024] {
                    found[Int((value * Float(count)).rounded()) - 1] += 1 / 1024
                }
                let expected = Array(shares[image * 10 ..< image * 10 + 10])
                #expect(largestDifference(found, expected) < 1e-5)
                if found[image] < 1 { mixedSteps += 1 }
            }
        }
        #expect(mixedSteps > 200)
    }

    @Test func cutMixLeavesAsManyStepsAloneAsItsProbabilitySays() throws {
        let batch = try Self.flat(2, side: 8)
        let untouched = try (0 ..< 1_000).count { step in
            var random = Self.random(step)
            return try CutMix(probability: 0.5)(batch, random: &random).images === batch.images
        }
        #expect(abs(Double(untouched) - 500) < 3.29 * 250.0.squareRoot())  // 99.9 %
    }

    @Test func augMixGivesTwoViewsThatStayImages() throws {
        let image = ImageVectors.all.image.values
        let batch = try LabelledImages(
            images: .floats(image + image, shape: [2, 3, 32, 32]),
            labels: .integers([Int64(1), 2], shape: [2]), classes: 10)
        var random = Self.random()
        let views = try AugMix().views(batch, random: &random)
        let (first, second) = (try views.first.floats(), try views.second.floats())
        #expect(try views.clean.floats() == image + image)
        #expect(largestDifference(first, second) > 0.05)
        // The same image draws anew at each place.
        #expect(largestDifference(Array(first[..<3072]), Array(first[3072...])) > 0.05)
        for view in [first, second] { #expect(view.allSatisfy { (0 ... 1).contains($0) }) }
        var again = Self.random()
        #expect(try AugMix()(batch, random: &again).images.floats() == first)
    }

    /// Of a black image every operation makes a black one, of a white one at most a white one.
    @Test func augMixIsAMeanOfImages() throws {
        for (value, range) in [(Float(0), Float(0) ... 0), (1, 0 ... 1)] {
            var random = Self.random()
            let batch = try LabelledImages(
                images: .floats(
                    [Float](repeating: value, count: 16 * 3072), shape: [16, 3, 32, 32]),
                labels: .integers([Int64](repeating: 0, count: 16), shape: [16]), classes: 10)
            let mixed = try AugMix()(batch, random: &random)
            #expect(try mixed.images.floats().allSatisfy { range.contains($0) })
        }
    }

    /// U(0, 1) and the exponential law by mean and variance, 99.9 %: what the shares of AugMix and
    /// the areas of CutMix are drawn from.
    @Test func theStreamsLawsHaveTheirMoments() {
        var random = Self.random()
        let n = 100_000
        CorruptionLawTests.expect(
            (0 ..< n).map { _ in random.uniform() }, mean: 0.5, variance: 1.0 / 12, kurtosis: -1.2)
        CorruptionLawTests.expect(
            (0 ..< n).map { _ in random.exponential() }, mean: 1, variance: 1, kurtosis: 6)
        CorruptionLawTests.expect(
            (0 ..< n).map { _ in random.normal() }, mean: 0, variance: 1)
    }
}

import Foundation
import HostKit
import TestSupport
import Testing

/// Corruptions against their closed forms. Statistical bounds are two-sided, 99.9 %.
@Suite("Laws of the corruptions")
struct CorruptionLawTests {
    /// 3.29 standard deviations of a normal number hold 99.9 %.
    static let bound = 3.29

    static func flat(_ value: Float, channels: Int = 3, side: Int = 32) -> ImagePlanes {
        ImagePlanes(
            channels: channels, height: side, width: side,
            values: [Float](repeating: value, count: channels * side * side))
    }

    static func random(_ index: Int = 0) -> RandomStream {
        RandomStream(seed: 7, purpose: "laws", index: index)
    }

    static func samples(_ corruption: Corruption, _ severity: Int, of value: Float) throws
        -> [Double]
    {
        try (0 ..< 10).flatMap { index in
            var random = random(index)
            return try corruption(flat(value), severity: severity, random: &random).values
                .map(Double.init)
        }
    }

    static func meanAndVariance(_ values: [Double]) -> (Double, Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, squares / Double(values.count - 1))
    }

    /// `kurtosis` is the law's excess: 0 for a normal law, 1/λ for Poisson's.
    static func expect(
        _ values: [Double], mean: Double, variance: Double, kurtosis: Double = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let n = Double(values.count)
        let (foundMean, foundVariance) = meanAndVariance(values)
        #expect(
            abs(foundMean - mean) < bound * (variance / n).squareRoot(),
            sourceLocation: sourceLocation)
        #expect(
            abs(foundVariance / variance - 1) < bound * ((2 + kurtosis) / n).squareRoot(),
            sourceLocation: sourceLocation)
    }

    @Test(arguments: zip(1 ... 5, [0.04, 0.06, 0.08, 0.09, 0.10]))
    func gaussianNoiseHasItsVariance(severity: Int, sigma: Double) throws {
        Self.expect(
            try Self.samples(.gaussianNoise, severity, of: 0.4), mean: 0.4, variance: sigma * sigma)
    }

    @Test(arguments: zip(1 ... 5, [500.0, 250, 100, 75, 50]))
    func shotNoiseIsPoissons(severity: Int, photons: Double) throws {
        for value in [0.02, 0.5] {
            Self.expect(
                try Self.samples(.shotNoise, severity, of: Float(value)), mean: value,
                variance: value / photons, kurtosis: 1 / (value * photons))
        }
        #expect(try Self.samples(.shotNoise, severity, of: 0).allSatisfy { $0 == 0 })
    }

    /// χ² of counts against the law e^−λ λ^k/k!, each class with at least 20 expected.
    @Test(arguments: [0.3, 3.7, 9.99, 10.0, 42.5, 500])
    func poissonNumbersFollowTheirLaw(mean: Double) {
        let n = 50_000
        var random = Self.random()
        var counts: [Int: Int] = [:]
        for _ in 0 ..< n { counts[random.poisson(mean: mean), default: 0] += 1 }
        var (statistic, classes) = (0.0, 0)
        var (restExpected, restFound) = (Double(n), n)
        var (expected, found) = (0.0, 0)
        for k in 0 ... Int(mean + 10 * mean.squareRoot() + 10) {
            expected += Double(n) * exp(Double(k) * log(mean) - mean - lgamma(Double(k) + 1))
            found += counts[k] ?? 0
            if expected >= 20, restExpected - expected >= 20 {
                statistic += pow(Double(found) - expected, 2) / expected
                restExpected -= expected
                restFound -= found
                (expected, found, classes) = (0, 0, classes + 1)
            }
        }
        statistic += pow(Double(restFound) - restExpected, 2) / restExpected
        // Wilson and Hilferty's quantile, 99.9 % one-sided; the last class takes one freedom.
        let k = Double(classes), share = 2 / (9 * k)
        #expect(statistic < k * pow(1 - share + 3.09 * share.squareRoot(), 3))
    }

    @Test(arguments: zip(1 ... 5, [0.01, 0.02, 0.03, 0.05, 0.07]))
    func impulseNoiseHitsItsShare(severity: Int, share: Double) throws {
        let values = try Self.samples(.impulseNoise, severity, of: 0.5)
        let n = Double(values.count)
        for extreme in [0.0, 1] {
            let found = Double(values.count { $0 == extreme })
            let deviation = (n * share / 2 * (1 - share / 2)).squareRoot()
            #expect(abs(found - n * share / 2) < Self.bound * deviation)
        }
        #expect(values.allSatisfy { [0, 0.5, 1].contains($0) })
    }

    @Test(arguments: zip(1 ... 5, [0.06, 0.10, 0.12, 0.16, 0.20]))
    func speckleNoiseGrowsWithThePixel(severity: Int, sigma: Double) throws {
        Self.expect(
            try Self.samples(.speckleNoise, severity, of: 0.3), mean: 0.3,
            variance: 0.09 * sigma * sigma)
    }

    @Test func contrastAndBrightnessOfPixelsByHand() throws {
        var random = Self.random()
        // Half 0.2, half 0.6: the mean is 0.4.
        let values = (0 ..< 64).map { Float($0 % 2 == 0 ? 0.2 : 0.6) }
        let image = ImagePlanes(channels: 1, height: 8, width: 8, values: values)
        let dull = try Corruption.contrast(image, severity: 4, random: &random)
        #expect(abs(dull.values[0] - 0.34) < 1e-6)
        #expect(abs(dull.values[1] - 0.46) < 1e-6)
        let bright = try Corruption.brightness(image, severity: 5, random: &random)
        #expect(abs(bright.values[0] - 0.5) < 1e-6)
        let red = ImagePlanes(
            channels: 3, height: 8, width: 8,
            values: (0 ..< 192).map { $0 < 64 ? 0.8 : $0 < 128 ? 0.4 : 0.2 })
        // V 0.8 → 0.9: all three grow by 9/8.
        let brighter = try Corruption.brightness(red, severity: 2, random: &random)
        #expect(abs(brighter[0, 0, 0] - 0.9) < 1e-6)
        #expect(abs(brighter[1, 0, 0] - 0.45) < 1e-6)
        #expect(abs(brighter[2, 0, 0] - 0.225) < 1e-6)
    }

    /// The plasma fills 0 … 1, so that a flat image m spans m²/(m + c) … m.
    @Test(arguments: zip(1 ... 5, [0.2, 0.5, 0.75, 1, 1.5]))
    func fogSpansItsRange(severity: Int, strength: Double) throws {
        var random = Self.random()
        let values = try Corruption.fog(Self.flat(0.6), severity: severity, random: &random).values
        #expect(abs(Double(values.min()!) - 0.36 / (0.6 + strength)) < 1e-6)
        #expect(abs(values.max()! - 0.6) < 1e-6)
        #expect(values[..<1024] == values[1024 ..< 2048])
    }

    @Test func plasmaIsRougherWhereItDecaysLess() {
        func roughness(_ decay: Double) -> Double {
            (0 ..< 20).reduce(0) { sum, index in
                var random = Self.random(index)
                let map = Fog.plasma(side: 32, decay: decay, random: &random)
                #expect(map.min() == 0 && map.max() == 1)
                return sum + zip(map, map.dropFirst()).reduce(0) { $0 + abs($1.0 - $1.1) }
            }
        }
        #expect(roughness(3) < roughness(2))
        #expect(roughness(2) < roughness(1.75))
    }

    /// A point of light becomes a line whose brightest place is 1/Σ exp(−i²/2σ²).
    @Test(arguments: zip(1 ... 5, [(6, 1.0), (6, 1.5), (6, 2), (8, 2), (9, 2.5)]))
    func motionBlurDrawsALine(severity: Int, law: (radius: Int, sigma: Double)) throws {
        var image = Self.flat(0, channels: 1, side: 64)
        image[0, 32, 32] = 1
        let weights = (0 ... 2 * law.radius).map {
            exp(-Double($0 * $0) / (2 * law.sigma * law.sigma))
        }
        for index in 0 ..< 20 {
            var random = Self.random(index)
            let blurred = try Corruption.motionBlur(image, severity: severity, random: &random)
            #expect(abs(blurred.values.reduce(0, +) - 1) < 1e-5)
            #expect(abs(Double(blurred[0, 32, 32]) * weights.reduce(0, +) - 1) < 1e-5)
            for row in 0 ..< 64 {
                for column in 0 ..< 64 where blurred[0, row, column] > 0 {
                    #expect(column <= 32 && abs(row - 32) <= 32 - column)
                }
            }
        }
    }

    /// At severity 1 nothing is smoothed, so that each pixel is one of four, each as likely.
    @Test func glassShowsANeighbour() throws {
        let image = ImagePlanes(
            channels: 1, height: 32, width: 32, values: (0 ..< 1024).map { Float($0) / 1023 })
        var counts = [Int: Int]()
        for index in 0 ..< 10 {
            var random = Self.random(index)
            let glass = try Corruption.glassBlur(image, severity: 1, random: &random)
            for row in 1 ..< 32 {
                for column in 1 ..< 32 {
                    let source = Int((glass[0, row, column] * 1023).rounded())
                    counts[row * 32 + column - source, default: 0] += 1
                }
            }
        }
        #expect(Set(counts.keys) == [0, 1, 32, 33])
        let n = 10.0 * 31 * 31
        for count in counts.values {
            #expect(abs(Double(count) - n / 4) < Self.bound * (n * 3 / 16).squareRoot())
        }
    }

    /// Severity 1 is affine alone: ramps stay ramps, and the three points moved by at most 0.08·32.
    @Test func elasticOfSeverityOneIsAffine() throws {
        let ramps = ImagePlanes(
            channels: 2, height: 32, width: 32,
            values: (0 ..< 1024).map { Float($0 / 32) } + (0 ..< 1024).map { Float($0 % 32) })
        for index in 0 ..< 20 {
            var random = Self.random(index)
            let moved = try Corruption.elastic(ramps, severity: 1, random: &random)
            func source(_ row: Int, _ column: Int) -> SIMD2<Double> {
                SIMD2(Double(moved[0, row, column]), Double(moved[1, row, column]))
            }
            let middle = source(16, 16)
            let down = (source(20, 16) - source(12, 16)) / 8
            let across = (source(16, 20) - source(16, 12)) / 8
            let corner = middle + 4 * down - 4 * across - source(20, 12)
            #expect(max(abs(corner[0]), abs(corner[1])) < 1e-4)
            let determinant = down[0] * across[1] - down[1] * across[0]
            for point in [SIMD2(26.0, 26.0), SIMD2(6, 26), SIMD2(6, 6)] {
                let d = point - middle
                let place = SIMD2(
                    16 + (d[0] * across[1] - d[1] * across[0]) / determinant,
                    16 + (down[0] * d[1] - down[1] * d[0]) / determinant)
                let shift = place - point
                #expect(max(abs(shift[0]), abs(shift[1])) < 2.56 + 1e-3)
            }
        }
    }

    @Test func jpegOfFullQualityIsNearlyTheImage() throws {
        let red = ImagePlanes(
            channels: 1, height: 32, width: 32,
            values: Array(ImageVectors.all.image.values[..<1024]))
        let kept = try JPEGCorruption.corrupt(red, quality: 100)
        #expect(largestDifference(kept.bytes, red.bytes) <= 2)
        var worst = 0.0
        for quality in [100, 80, 65, 58, 50, 40] {
            let error = Self.error(try JPEGCorruption.corrupt(red, quality: quality), red)
            #expect(error > worst)
            worst = error
        }
    }

    /// Root mean square, after 8 bits.
    static func error(_ a: ImagePlanes, _ b: ImagePlanes) -> Double {
        let sum = zip(a.bytes, b.bytes).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
        return (sum / Double(a.values.count)).squareRoot()
    }
}

@Suite(
    "Corruptions of real images, where NVCIM_DATA names their folder",
    .enabled(if: imageFolder != nil, "NVCIM_DATA isn't set or names no folder"))
struct RealCorruptionTests {
    static let images = Result {
        try DataSet.cifar10.load(.test, from: imageFolder!).first(100).pixels.bytes()
    }

    /// The error grows as the parameters do. Pairs are left out where they do not: glass blur and
    /// saturate trade one parameter for another, elastic all; motion blur 3 and 4 differ by the
    /// 10⁻⁹ of a Gaussian's tail.
    @Test(arguments: Corruption.allCases)
    func theErrorGrowsWithSeverity(corruption: Corruption) throws {
        let bytes = try Self.images.get()
        let errors = try (1 ... 5).map { severity in
            try (0 ..< 100).reduce(0.0) { sum, index in
                let image = ImagePlanes(
                    bytes: bytes[index * 3072 ..< (index + 1) * 3072], shape: [3, 32, 32],
                    pixelMax: 255)
                var random = CorruptionLawTests.random(index)
                let corrupted = try corruption(image, severity: severity, random: &random)
                return sum + CorruptionLawTests.error(corrupted, image)
            } / 100
        }
        #expect(errors.allSatisfy { $0 > 1 }, "\(errors)")
        let pairs: [(Int, Int)] =
            switch corruption {
            case .glassBlur: [(2, 4), (3, 5)]
            case .motionBlur: [(1, 2), (2, 3), (3, 5)]
            case .saturate: [(1, 2), (3, 4), (4, 5)]
            case .elastic: []
            default: [(1, 2), (2, 3), (3, 4), (4, 5)]
            }
        for (mild, strong) in pairs {
            #expect(errors[mild - 1] < errors[strong - 1], "\(errors)")
        }
    }
}

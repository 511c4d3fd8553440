import HostKit
import Testing

/// Corruptions without chance against SciPy, colorsys and Pillow: `scripts/image-vectors`.
@Suite("Corruptions beside other people's code")
struct CorruptionVectorTests {
    static let vectors = ImageVectors.all

    static func corrupted(_ corruption: Corruption, _ severity: Int) throws -> ImagePlanes {
        var random = RandomStream(seed: 1, purpose: "test")
        return try corruption(vectors.image, severity: severity, random: &random)
    }

    @Test(arguments: [Corruption.gaussianBlur, .defocusBlur, .zoomBlur], 1 ... 5)
    func aBlurIsSciPys(corruption: Corruption, severity: Int) throws {
        let red = try Self.corrupted(corruption, severity).values[..<1024]
        let expected = Self.vectors.floats(corruption.rawValue, severity: severity)
        #expect(largestDifference(Array(red), expected) < 2e-6)
    }

    @Test(arguments: [ImageEdge.mirrored, .repeated])
    func interpolationIsSciPys(edge: ImageEdge) {
        let places = Self.vectors.floats("places").map(Double.init)
        let found = Self.vectors.image.resampled(edge: edge) {
            (places[$0 * 32 + $1], places[1024 + $0 * 32 + $1])
        }
        let expected = Self.vectors.floats(edge == .mirrored ? "mirrored" : "repeated")
        // The places are stored in single precision.
        #expect(largestDifference(Array(found.values[..<1024]), expected) < 1e-5)
    }

    @Test func huesAreColorsyss() {
        for colour in Self.vectors.colours {
            let rgb = colour.rgb.map { $0 / 255 }
            let hsv = HSV(red: rgb[0], green: rgb[1], blue: rgb[2])
            #expect(largestDifference([hsv.hue, hsv.saturation, hsv.value], colour.hsv) < 1e-6)
            let back = hsv.rgb
            #expect(largestDifference([back.red, back.green, back.blue], rgb) < 1e-6)
        }
    }

    @Test(arguments: [Corruption.brightness, .saturate], 1 ... 5)
    func coloursChangeAsColorsyssDo(corruption: Corruption, severity: Int) throws {
        let found = try Self.corrupted(corruption, severity)
        let firstColumns = (0 ..< 3).flatMap { channel in
            (0 ..< 32).flatMap { row in (0 ..< 8).map { found[channel, row, $0] } }
        }
        let expected = Self.vectors.floats(corruption.rawValue, severity: severity)
        #expect(largestDifference(firstColumns, expected) < 2e-6)
    }

    @Test(arguments: [Corruption.pixelate, .jpeg], 1 ... 5)
    func theBytesArePillows(corruption: Corruption, severity: Int) throws {
        let found = try Self.corrupted(corruption, severity).bytes
        let expected = Self.vectors.bytes(corruption.rawValue, severity: severity)
        #expect(largestDifference(found, expected) == 0)
    }

    @Test func theOperationsOfAugMixArePillows() {
        let image = Self.vectors.image
        let dull = ImagePlanes(
            bytes: image.bytes.map { 30 + $0 / 2 }, shape: [3, 32, 32], pixelMax: 255)
        func difference(_ found: ImagePlanes, _ name: String) -> Int {
            largestDifference(found.bytes, Self.vectors.bytes(name))
        }
        #expect(difference(AugMixOperation.autocontrast(dull), "autocontrast") == 0)
        #expect(difference(AugMixOperation.equalise(image), "equalise") == 0)
        #expect(difference(AugMixOperation.posterise(image, bits: 3), "posterise3") == 0)
        #expect(difference(AugMixOperation.solarise(image, from: 180), "solarise180") == 0)
        let moves: [(AugMixOperation.Move, String)] = [
            (.rotation(degrees: 9), "rotate9"), (.init(columnFromRow: 0.2), "shearX0.2"),
            (.init(rowFromColumn: -0.15), "shearY-0.15"), (.init(columnShift: 3), "translateX3"),
            (.init(rowShift: -2), "translateY-2"),
        ]
        // Pillow drops the fraction of an interpolated grey level in some versions.
        for (move, name) in moves {
            #expect(difference(AugMixOperation.moved(image, by: move), name) <= 1, "\(name)")
        }
    }
}

/// A way in which a camera's image gets worse, by its CIFAR-10-C name, at severity 1 … 5.
///
/// The order is that of the table of severities; the first ten are the set that adaptation is
/// averaged over.
///
/// Source: Hendrycks, Dietterich 2019, "Benchmarking neural network robustness to common
/// corruptions and perturbations", with the parameters published for CIFAR-10-C. Snow, frost and
/// spatter need pictures of their own and are left out.
public enum Corruption: String, CaseIterable, Sendable {
    case gaussianNoise = "gaussian_noise"
    case shotNoise = "shot_noise"
    case impulseNoise = "impulse_noise"
    case speckleNoise = "speckle_noise"
    case gaussianBlur = "gaussian_blur"
    case glassBlur = "glass_blur"
    case defocusBlur = "defocus_blur"
    case motionBlur = "motion_blur"
    case zoomBlur = "zoom_blur"
    case fog
    case brightness
    case contrast
    case saturate
    case pixelate
    case jpeg = "jpeg_compression"
    case elastic = "elastic_transform"

    public static let severities = 1 ... 5
    /// Sides of an image below which the corruptions mean nothing (chosen).
    public static let sideMin = 8

    /// Whether it is one of colours, so that grey images have none of it.
    public var needsColour: Bool { self == .saturate }

    /// The parameters of the five severities, in the order of the law's.
    public var parameters: [[Double]] {
        switch self {
        case .gaussianNoise: [[0.04], [0.06], [0.08], [0.09], [0.10]]
        case .shotNoise: [[500], [250], [100], [75], [50]]
        case .impulseNoise: [[0.01], [0.02], [0.03], [0.05], [0.07]]
        case .speckleNoise: [[0.06], [0.10], [0.12], [0.16], [0.20]]
        case .gaussianBlur: [[0.4], [0.6], [0.7], [0.8], [1]]
        case .glassBlur: [[0.05, 1, 1], [0.25, 1, 1], [0.4, 1, 1], [0.25, 1, 2], [0.4, 1, 2]]
        case .defocusBlur: [[0.3, 0.4], [0.4, 0.5], [0.5, 0.6], [1, 0.2], [1.5, 0.1]]
        case .motionBlur: [[6, 1], [6, 1.5], [6, 2], [8, 2], [9, 2.5]]
        case .zoomBlur: [[1.06], [1.11], [1.16], [1.21], [1.26]]
        case .fog: [[0.2, 3], [0.5, 3], [0.75, 2.5], [1, 2], [1.5, 1.75]]
        case .brightness: [[0.05], [0.10], [0.15], [0.20], [0.30]]
        case .contrast: [[0.75], [0.5], [0.4], [0.3], [0.15]]
        case .saturate: [[0.3, 0], [0.1, 0], [1.5, 0], [2, 0.1], [2.5, 0.2]]
        case .pixelate: [[0.95], [0.90], [0.85], [0.75], [0.65]]
        case .jpeg: [[80], [65], [58], [50], [40]]
        case .elastic:
            [
                [0, 0, 0.08], [0.05, 0.2, 0.07], [0.08, 0.06, 0.06], [0.1, 0.04, 0.05],
                [0.1, 0.03, 0.03],
            ]
        }
    }

    /// What the parameters are, for a table.
    public var parameterNames: String {
        switch self {
        case .gaussianNoise, .speckleNoise: "σ"
        case .shotNoise: "photons for white"
        case .impulseNoise: "share of samples"
        case .gaussianBlur: "σ in pixels"
        case .glassBlur: "σ, shift, passes"
        case .defocusBlur: "radius, σ"
        case .motionBlur: "radius, σ"
        case .zoomBlur: "zoom below"
        case .fog: "strength, decay"
        case .brightness: "added to V"
        case .contrast: "factor"
        case .saturate: "factor, offset of S"
        case .pixelate: "side"
        case .jpeg: "quality"
        case .elastic: "amplitude, σ, shift in sides"
        }
    }
}

extension Corruption {
    /// The corrupted image; values may lie outside 0 … 1 and are cut when they become bytes.
    ///
    /// - Precondition: severity 1 … 5; sides of at least `sideMin`; colours where it needs them.
    package func callAsFunction(
        _ image: ImagePlanes, severity: Int, random: inout RandomStream
    ) throws -> ImagePlanes {
        precondition(Self.severities.contains(severity))
        precondition(min(image.height, image.width) >= Self.sideMin)
        let p = parameters[severity - 1]
        switch self {
        case .gaussianNoise:
            return NoiseCorruptions.gaussian(image, sigma: p[0], random: &random)
        case .shotNoise: return NoiseCorruptions.shot(image, photons: p[0], random: &random)
        case .impulseNoise: return NoiseCorruptions.impulse(image, share: p[0], random: &random)
        case .speckleNoise: return NoiseCorruptions.speckle(image, sigma: p[0], random: &random)
        case .gaussianBlur: return BlurCorruptions.gaussian(image, sigma: p[0])
        case .glassBlur:
            return BlurCorruptions.glass(
                image, sigma: p[0], shift: Int(p[1]), passes: Int(p[2]), random: &random)
        case .defocusBlur: return BlurCorruptions.defocus(image, radius: p[0], sigma: p[1])
        case .motionBlur:
            return BlurCorruptions.motion(image, radius: Int(p[0]), sigma: p[1], random: &random)
        case .zoomBlur: return BlurCorruptions.zoom(image, limit: p[0])
        case .fog: return Fog.corrupt(image, strength: p[0], decay: p[1], random: &random)
        case .brightness: return ColourCorruptions.brightness(image, amount: Float(p[0]))
        case .contrast: return ColourCorruptions.contrast(image, factor: Float(p[0]))
        case .saturate:
            return ColourCorruptions.saturate(image, factor: Float(p[0]), offset: Float(p[1]))
        case .pixelate: return Pixelate.corrupt(image, factor: p[0])
        case .jpeg: return try JPEGCorruption.corrupt(image, quality: Int(p[0]))
        case .elastic:
            return Elastic.corrupt(
                image, amplitude: p[0], sigma: p[1], shift: p[2], random: &random)
        }
    }
}

import ArgumentParser
import HostKit

/// Which images a training sees, and how they are changed.
struct TrainingImageOptions: ParsableArguments {
    @Option(help: "Use the first so many training images only.")
    var images: Int?
    @Option(
        help: "Training images held out at the end, for choosing settings (default: a twelfth).")
    var holdOut: Int?
    @Option(
        help: "Move images at random by up to so many pixels, 0 … 1 (default: 0.75 for the digits)."
    )
    var shift: Double?
    @Option(
        help:
            "Frame in pixels from which random windows are cut, 0 … 16 (default: 4 for CIFAR's networks, else 0)."
    )
    var crop: Int?
    @Flag(
        inversion: .prefixedNo,
        help: "Mirror half of the images (default: CIFAR's networks only).")
    var mirror: Bool?
    @Option(
        help: ArgumentHelp(
            "cutout (hide a square), cutmix (paste a rectangle of another image, labels mixed by "
                + "area) or augmix (mix with changed copies); may be repeated, but for cutout "
                + "with cutmix. With AugMix's loss a step takes more than three times as long.",
            valueName: "name"),
        transform: AugmentationKind.init(argument:))
    var augment: [AugmentationKind] = []
    @Option(
        help: ArgumentHelp(
            "λ of AugMix's consistency loss, which compares what is said of an image and of two "
                + "views of it; 0: train on the mixed images as they are (default: 12 beside "
                + "--augment augmix).", valueName: "lambda"))
    var consistency: Double?

    /// λ of Hendrycks et al., ICLR 2020.
    private static let consistencyDefault = 12.0

    /// Of the plan: 0 without AugMix.
    var consistencyLoss: Double {
        augment.contains(.augMix) ? consistency ?? Self.consistencyDefault : 0
    }

    func validate() throws {
        try checkRange("--images", images, 1...)
        try checkRange("--hold-out", holdOut, 0...)
        try checkRange("--shift", shift, 0 ... 1)
        try checkRange("--crop", crop, 0 ... 16)
        if !augment.combine {
            throw ValidationError(
                "--augment takes each name once, and only one of cutout and cutmix.")
        }
        if let consistency, !(0 ... 1000).contains(consistency) || !augment.contains(.augMix) {
            throw ValidationError(
                "--consistency must be 0 … 1000, beside --augment augmix, not \(consistency).")
        }
    }

    func apply(to plan: inout TrainingPlan) {
        if let shift { plan.shift = shift }
        if let crop { plan.crop = crop }
        if let mirror { plan.mirrors = mirror }
        plan.augmentations = AugmentationKind.allCases.filter(augment.contains)
        plan.consistency = consistencyLoss
    }
}

extension AugmentationKind {
    /// As an option names it.
    init(argument: String) throws {
        guard let kind = Self(rawValue: argument) else {
            throw ValidationError(
                "the augmentation must be cutout, cutmix or augmix, not '\(argument)'.")
        }
        self = kind
    }
}

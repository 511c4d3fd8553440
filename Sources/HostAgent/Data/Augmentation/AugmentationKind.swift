/// Random changes of training images beside windows and shifts, as `--augment` names them.
///
/// They follow each other in the order of the cases. Cutout and CutMix exclude each other:
/// CutMix fills with another image what Cutout leaves black.
public enum AugmentationKind: String, CaseIterable, Codable, Sendable {
    case cutMix = "cutmix"
    case cutout, augMix = "augmix"
}

extension [AugmentationKind] {
    /// Whether these can be used together, each once.
    public var combine: Bool {
        Set(self).count == count && !(contains(.cutMix) && contains(.cutout))
    }

    /// Applies these to the images of a step.
    ///
    /// - Parameter consistency: where above 0, AugMix leaves the images and adds two
    ///   views of them, for the loss to compare.
    func batch(
        _ start: LabelledImages, labels: Tensor, consistency: Double, random: inout RandomStream
    ) throws -> TrainingBatch {
        precondition(combine)
        var images = start
        if contains(.cutMix) { images = try CutMix()(images, random: &random) }
        if contains(.cutout) {
            let cutout = Cutout(forImages: images.images.shape, classes: images.shares.shape[1])
            images = try cutout(images, random: &random)
        }
        var views: [Tensor] = []
        if contains(.augMix), consistency > 0 {
            let mixed = try AugMix().views(images, random: &random)
            views = [mixed.first, mixed.second]
        } else if contains(.augMix) {
            images = try AugMix()(images, random: &random)
        }
        // Labels where they are whole: they cost less than shares.
        return TrainingBatch(
            images: images.images, targets: contains(.cutMix) ? images.shares : labels,
            views: views)
    }
}

extension Cutout {
    /// The square of the source for images [n, c, h, w]: half as wide as the image, a
    /// quarter from 100 classes on (16 and 8 of CIFAR's 32 pixels).
    init(forImages shape: [Int], classes: Int) {
        let least = Swift.min(shape[2], shape[3])
        self.init(side: Swift.max(1, least / (classes < 100 ? 2 : 4)))
    }
}

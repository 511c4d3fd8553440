/// The images of a study: to learn from, and to try networks on.
struct StudyImages {
    let training: ImageSet
    /// Test images, or training images that are left out of the training.
    let test: ImageSet

    /// With their numbers, for the record.
    var names: [String] { [training, test].map(\.nameAndCount) }

    /// - Parameters:
    ///   - trainingMax: training images at most; `nil`: all.
    ///   - testMax: images to try on, at most.
    ///   - heldOut: whether the last twelfth of the training images takes the place of the
    ///     test images: for choosing settings.
    init(
        _ data: DataLocation, for network: Network, trainingMax: Int?, testMax: Int, heldOut: Bool
    ) throws {
        let split = try data.load(for: network)
        let (rest, left) = try split.holdOut(heldOut ? split.training.count / 12 : 0)
        training = try trainingMax.map(rest.first) ?? rest
        test = try (heldOut ? left : split.test).first(testMax)
    }
}

extension ImageSet {
    /// Each once in a random window, mirrored or not, as a plan of training shows it: the
    /// images that running statistics are of.
    func inWindows(of plan: TrainingPlan, seed: UInt64) throws -> ImageSet {
        guard plan.crop > 0 || plan.mirrors else { return self }
        let crop = RandomCrop(
            padding: plan.crop, mirrors: plan.mirrors,
            generator: try RandomGenerator(seed: seed, purpose: "windows of adaptation images"))
        let windows = try crop(batch(0 ..< count).images)
        return ImageSet(
            name: "\(name), in random windows",
            pixels: try windows.scaled(by: Double(pixelMax)).rounded().cast(to: .uint8),
            labels: labels, pixelMax: pixelMax)
    }

    /// "MNIST test, 5000 images".
    var nameAndCount: String { "\(name), \(count) images" }
}

extension Checkpoint {
    /// Its file as a study records it, told apart by what it holds:
    /// "results/networks/lenet5.safetensors, XXH3 0123…".
    static func nameAndContent(of path: String) throws -> String {
        "\(path), XXH3 \(try DataFile.digest(of: path))"
    }
}

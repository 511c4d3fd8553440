internal import Glibc

/// Where images come from: what `--data` says.
public enum DataLocation: Equatable, Sendable {
    /// The data set inside the program.
    case embeddedDigits
    /// A folder of MNIST's or CIFAR-10's files, or one that holds such folders.
    case folder(String)
    /// The same, where nobody said anything: networks for the embedded digits get these.
    case environment(String)

    /// "digits" or a folder; without either the environment's NVCIM_DATA, and
    /// without that the embedded digits.
    public init(_ argument: String?) {
        if let argument {
            self = argument == "digits" || argument.isEmpty ? .embeddedDigits : .folder(argument)
        } else if let folder = getenv("NVCIM_DATA").map({ String(cString: $0) }), !folder.isEmpty {
            self = .environment(folder)
        } else {
            self = .embeddedDigits
        }
    }

    /// The images for a network; refused where they do not fit its input.
    public func load(for network: Network) throws -> DataSplit {
        let split = try load(imageShape: network.imageShape)
        guard split.training.imageShape == network.imageShape else {
            throw NetworkError.imagesDoNotFit(
                network: network.name, expected: network.imageShape,
                found: split.training.imageShape)
        }
        return split
    }

    private func load(imageShape: [Int]) throws -> DataSplit {
        switch self {
        case .embeddedDigits: return try EmbeddedDigits.load()
        case .environment where imageShape == [1, 8, 8]: return try EmbeddedDigits.load()
        case .folder(let folder), .environment(let folder):
            if imageShape == [1, 28, 28] { return try Self.mnist(folder) }
            if imageShape == [3, 32, 32] { return try Self.cifar10(folder) }
            return try Self.any(folder)
        }
    }

    private static func any(_ folder: String) throws -> DataSplit {
        if DataFile.path(of: "data_batch_1.bin", in: folder) != nil { return try cifar10(folder) }
        return try mnist(folder)
    }

    static func mnist(_ folder: String) throws -> DataSplit {
        func set(_ prefix: String, _ name: String) throws -> ImageSet {
            let images = try file("\(prefix)-images-idx3-ubyte", "mnist", folder)
            let labels = try file("\(prefix)-labels-idx1-ubyte", "mnist", folder)
            let all = try IDXReader.images(images, labels: labels, name: name)
            return ImageSet(
                name: "\(name), \(all.count) images", pixels: all.pixels, labels: all.labels,
                pixelMax: all.pixelMax)
        }
        return DataSplit(
            training: try set("train", "MNIST training"), test: try set("t10k", "MNIST test"))
    }

    static func cifar10(_ folder: String) throws -> DataSplit {
        let batches = try (1 ... 5).map { try file("data_batch_\($0).bin", "cifar10", folder) }
        return DataSplit(
            training: try CIFARReader.images(batches, name: "CIFAR-10 training"),
            test: try CIFARReader.images(
                [file("test_batch.bin", "cifar10", folder)], name: "CIFAR-10 test"))
    }

    /// `name`, plain or compressed, in the folder or in its folder `below`.
    private static func file(_ name: String, _ below: String, _ folder: String) throws(DataError)
        -> String
    {
        let path =
            DataFile.path(of: name, in: folder) ?? DataFile.path(of: name, in: "\(folder)/\(below)")
        guard let path else {
            throw .nothingFound(folder: folder, expected: "\(name), \(name).gz or \(name).xz")
        }
        return path
    }
}

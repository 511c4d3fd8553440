internal import Glibc

/// Where images come from: what `--data` says.
public enum DataLocation: Equatable, Sendable {
    /// The data set inside the program.
    case embeddedDigits
    /// A folder of a data set's files, or one that holds such folders: see `DataSet`.
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
        let split = try load(imageShape: network.imageShape, classes: network.classes)
        guard split.training.imageShape == network.imageShape else {
            throw NetworkError.imagesDoNotFit(
                network: network.name, expected: network.imageShape,
                found: split.training.imageShape)
        }
        return split
    }

    private func load(imageShape: [Int], classes: Int) throws -> DataSplit {
        switch self {
        case .embeddedDigits: return try EmbeddedDigits.load()
        case .environment where imageShape == [1, 8, 8]: return try EmbeddedDigits.load()
        case .folder(let folder), .environment(let folder):
            let set =
                DataSet.allCases.first { $0.imageShape == imageShape && $0.classes == classes }
                ?? DataSet.present(in: folder).first ?? .mnist
            return try set.load(from: folder)
        }
    }

    /// One part of a data set, without regard to a network.
    ///
    /// - Parameter set: nil: the only one that is there.
    public func load(_ set: DataSet?, _ part: DataSet.Part) throws -> ImageSet {
        switch self {
        case .embeddedDigits:
            if let set {
                throw DataError.nothingFound(folder: "digits", expected: "\(set.title)'s files")
            }
            let split = try EmbeddedDigits.load()
            return part == .training ? split.training : split.test
        case .folder(let folder), .environment(let folder):
            // CIFAR-100's files are those of both its sets of classes.
            let present = DataSet.present(part, in: folder).filter { $0 != .cifar100Coarse }
            if let set { return try set.load(part, from: folder) }
            guard present.count == 1 else {
                throw DataError.wrongContent(
                    file: folder, expected: "one data set, or its name",
                    found: present.isEmpty
                        ? "none" : present.map(\.rawValue).joined(separator: " and "))
            }
            return try present[0].load(part, from: folder)
        }
    }
}

/// A data set of files, as its authors hand it out: plain, gzip or xz, in a folder or in one of
/// the folders below it that carry the data set's name.
public enum DataSet: String, CaseIterable, Sendable {
    case mnist
    case cifar10
    case cifar100
    /// CIFAR-100's files with the 20 coarse classes.
    case cifar100Coarse = "cifar100-coarse"

    public enum Part: String, CaseIterable, Sendable {
        case training, test
    }

    public var title: String {
        switch self {
        case .mnist: "MNIST"
        case .cifar10: "CIFAR-10"
        case .cifar100: "CIFAR-100"
        case .cifar100Coarse: "CIFAR-100 coarse"
        }
    }

    /// Channels, height, width.
    public var imageShape: [Int] { self == .mnist ? [1, 28, 28] : [3, 32, 32] }

    public var classes: Int {
        switch self {
        case .mnist, .cifar10: 10
        case .cifar100: 100
        case .cifar100Coarse: 20
        }
    }

    /// Where the files may be below the folder that is named, the official archive's last.
    private var folders: [String] {
        switch self {
        case .mnist: ["", "mnist"]
        case .cifar10: ["", "cifar10", "cifar-10-batches-bin"]
        case .cifar100, .cifar100Coarse: ["", "cifar100", "cifar-100-binary"]
        }
    }

    private func files(_ part: Part) -> [String] {
        switch (self, part) {
        case (.mnist, .training): ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]
        case (.mnist, .test): ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
        case (.cifar10, .training): (1 ... 5).map { "data_batch_\($0).bin" }
        case (.cifar10, .test): ["test_batch.bin"]
        case (.cifar100, .training), (.cifar100Coarse, .training): ["train.bin"]
        case (.cifar100, .test), (.cifar100Coarse, .test): ["test.bin"]
        }
    }

    private func path(of file: String, in folder: String) -> String? {
        folders.lazy.compactMap { below in
            DataFile.path(of: file, in: below.isEmpty ? folder : "\(folder)/\(below)")
        }.first
    }

    /// Those with all files of one part in the folder.
    public static func present(_ part: Part = .test, in folder: String) -> [DataSet] {
        allCases.filter { set in
            set.files(part).allSatisfy { set.path(of: $0, in: folder) != nil }
        }
    }

    public func load(from folder: String) throws -> DataSplit {
        DataSplit(
            training: try load(.training, from: folder), test: try load(.test, from: folder))
    }

    public func load(_ part: Part, from folder: String) throws -> ImageSet {
        let paths = try files(part).map { file throws(DataError) in
            guard let path = path(of: file, in: folder) else {
                try DataFile.checkFolder(folder)
                throw .nothingFound(folder: folder, expected: "\(file), \(file).gz or \(file).xz")
            }
            return path
        }
        let name = "\(title) \(part.rawValue)"
        let images =
            switch self {
            case .mnist: try IDXReader.images(paths[0], labels: paths[1], name: name)
            case .cifar10: try CIFARReader.images(paths, labels: .cifar10, name: name)
            case .cifar100: try CIFARReader.images(paths, labels: .cifar100Fine, name: name)
            case .cifar100Coarse: try CIFARReader.images(paths, labels: .cifar100Coarse, name: name)
            }
        // The count belongs to the name: some folders hold half of a test set.
        return try images.narrowed(0 ..< images.count, name: "\(name), \(images.count) images")
    }
}

/// The tiny-shared-block study: a backbone programmed open loop on chips of 2-bit cells,
/// and what a small trained block, or layers trained again, win back.
///
/// | part | what varies | else |
/// |---|---|---|
/// | stops | how much of the backbone's training was done | the first σ |
/// | deviations | σ of programming, relative to G_on | the whole training |
/// | channels, layers, insertions, reads | the block, and the reads that are averaged | `ablationSigma` |
///
/// Each part meets the same chips: the same serials, written by the same commands.
///
/// - Source: the tiny-shared-block study (2024), sections 4 and 5; there LeNet-3/MNIST,
///   VGG-8/CIFAR-10, ResNet-18/TinyImagenet. The σ are chosen after Yan 2022, Shim 2020.
public struct TinySharedBlockTable: Experiment {
    public static let name = "tiny-shared-block"

    /// What is varied.
    public enum Part: String, CaseIterable, Codable, Sendable {
        case stops, deviations, channels, layers, insertions, reads
    }

    public struct Settings: Codable, Equatable, Sendable {
        /// What is varied; the backbone and the costs are always told.
        public var parts = Part.allCases
        public var model = "lenet3"
        public var chips = 5
        /// Test images at most.
        public var images = 1_000
        /// Training images at most; `nil`: all.
        public var trainingImages: Int?
        public var heldOut = false
        /// Passes of the backbone's whole training.
        public var epochs = 20
        /// σ on the backbone's weights while it is trained.
        public var noise = 0.1
        /// Shares of the training; the last is the whole.
        public var stops = [0.15, 0.3, 0.5, 1]
        public var sigmas = [0.1, 0.2, 0.3, 0.4]
        /// σ(g)/g of one read, also in products; the study has none.
        public var readNoise = 0.1
        /// Passes of the block, and of layers that are trained again.
        public var epochsBlock = 5
        /// Training images of these, at most.
        public var adaptationImages = 20_000
        /// Reads that are averaged, but where they vary.
        public var reads = 16
        public var ablationSigma = 0.2
        public var ablations = Ablations()
        public var seed: UInt64 = 1

        public init() {}

        /// The passes done at a stop, 1 or more.
        public func epochs(at stop: Double) -> Int {
            max(1, Int((stop * Double(epochs)).rounded()))
        }

        /// Varies the block by what the model has: the study's channels of VGG-8 from 16
        /// on, half, once, … those of LeNet-3; every number of insertions up to 6.
        ///
        /// - Throws: where the model is none, or has no place for a block.
        public mutating func fitBlock() throws {
            let network = try NetworkCatalogue.make(model, seed: seed)
            let places = network.blockPlaces.count
            guard places > 0 else {
                throw NetworkError.wrongInsertions(model: model, asked: nil, places: 0)
            }
            let usual = network.blockChannels
            ablations.channels =
                usual >= 16
                ? [16, 32, 64, 128, 256, 512].filter { $0 <= 4 * usual }
                : [1, 2, 4, 8].map { $0 * usual }
            ablations.insertions = Array(1 ... min(places, 6))
        }
    }

    /// What of the block is varied; the value of an empty list is not.
    public struct Ablations: Codable, Equatable, Sendable {
        public var channels = [5, 10, 20, 40]
        public var layers = [1, 2, 3, 4]
        public var insertions = [1, 2]
        public var reads = [1, 4, 16, 64]

        public init() {}
    }

    public let settings: Settings
    public let data: [String]
    let study: TinySharedBlockStudy

    public init(_ settings: Settings, data: DataLocation, product: EmulatedChips.Product) throws {
        self.settings = settings
        study = try TinySharedBlockStudy(settings, data: data, product)
        self.data = study.imageNames
    }

    /// A figure's part of the table, and what it is of.
    struct Condition {
        let part: String
        let value: Double
        let stop: Double
        let sigma: Double
        var method = TinySharedBlock()
        var name: String { "\(part) \(valueText)" }
        var valueText: String {
            ["stop at", "σ ="].contains(part) ? Format.decimal(value, 2) : String(Int(value))
        }
    }

    static let backboneName = "backbone"
    static let costsName = "costs"

    /// Those in which all arms are tried.
    var conditions: [Condition] {
        let whole = settings.stops.last ?? 1
        let stops = settings.parts.contains(.stops) ? settings.stops : []
        // The first σ with the whole training belongs to both parts.
        let sigmas = settings.sigmas.dropFirst(stops.isEmpty ? 0 : 1)
        return stops.map {
            Condition(
                part: "stop at", value: Double(settings.epochs(at: $0)) / Double(settings.epochs),
                stop: $0, sigma: settings.sigmas[0])
        }
            + (settings.parts.contains(.deviations) ? sigmas : []).map {
                Condition(part: "σ =", value: $0, stop: whole, sigma: $0)
            }
    }

    /// Those in which only the block is.
    var ablations: [Condition] {
        func all(
            _ part: Part, _ values: [Int], _ change: (inout TinySharedBlock, Int) -> Void
        ) -> [Condition] {
            guard settings.parts.contains(part) else { return [] }
            return values.map { value in
                var condition = Condition(
                    part: part.rawValue, value: Double(value), stop: settings.stops.last ?? 1,
                    sigma: settings.ablationSigma)
                change(&condition.method, value)
                return condition
            }
        }
        return all(.channels, settings.ablations.channels) { $0.channels = $1 }
            + all(.layers, settings.ablations.layers) { $0.layers = $1 }
            + all(.insertions, settings.ablations.insertions) { $0.insertions = $1 }
            + all(.reads, settings.ablations.reads) { $0.reads = $1 }
    }

    public func steps(in folder: String) throws -> [ExperimentStep] {
        [study.backboneStep(Self.backboneName, folder: folder)]
            + conditions.map { study.step($0, arms: study.arms, folder: folder) }
            + ablations.map { study.step($0, arms: [.block], folder: folder) }
            + [study.costStep(Self.costsName, folder: folder)]
    }
}

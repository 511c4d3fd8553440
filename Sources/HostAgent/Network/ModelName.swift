/// A model as `--model` and checkpoints name it: a family, then settings that
/// differ from its defaults, in any order.
///
///     name    = family { "-" letter number }
///     family  = "lenet5" | "vgg8" | "resnet20" | … (the raw values of `Family`)
///
/// | letter | setting | families |
/// |--------|---------|----------|
/// | w | width: LeNets and VGGs: factor of all channels, above 0 … 4 (1) | all |
/// |   | ResNets: channels of the first stage, 1 … 256 (16; ResNet-18 64) | |
/// |   | DenseNet-40: growth rate, 1 … 256 (12) | |
/// | k | kernel, 1, 3 or 5 (3) | ResNet-20 … 110 |
/// | e | exits, 1 or 3 (1) | ResNet-20 … 110 |
/// | c | classes, 2 … 1000 (10) | all |
/// | b | channels of a shared block, 5 … 512 (none: no block) | all but DenseNet-40 |
/// | l | its layers, 1 … 4 (1) | beside b |
/// | i | its insertions, from the first on (all) | beside b |
public struct ModelName: Equatable, Sendable {
    public enum Family: String, CaseIterable, Sendable {
        case lenet3, lenet5
        case lenet8x8 = "lenet-8x8"
        case vgg8, vgg11, vgg16
        case resnet18, resnet20, resnet32, resnet44, resnet56, resnet110
        case densenet40

        enum Width: Equatable {
            /// A factor of channel counts, all of which `unit` divides.
            case factor(unit: Int)
            /// A count, and its default.
            case count(Int)
        }

        var width: Width {
            switch self {
            case .lenet3: .factor(unit: 5)
            case .lenet5: .factor(unit: 2)
            case .lenet8x8: .factor(unit: 8)
            case .vgg8: .factor(unit: 128)
            case .vgg11, .vgg16: .factor(unit: 64)
            case .resnet18: .count(64)
            case .resnet20, .resnet32, .resnet44, .resnet56, .resnet110: .count(16)
            case .densenet40: .count(12)
            }
        }

        var defaultWidth: Double {
            switch width {
            case .factor: 1
            case .count(let count): Double(count)
            }
        }

        /// Whether kernel and exits can be set.
        public var isResidualForCIFAR: Bool { width == .count(16) }
    }

    public var family: Family
    public var width: Double
    public var kernel = 3
    public var exits = 1
    public var classes = 10
    public var block: SharedBlock.Shape?

    public static let forms =
        "lenet3, lenet5, lenet-8x8, vgg8, vgg11, vgg16, resnet18, resnet20, 32, 44, 56, 110 or "
        + "densenet40; settings behind it as in vgg8-w0.25 (all channels times 0.25), resnet20-w32 "
        + "(channels of the first stage), densenet40-w6 (growth rate), resnet20-k5 (kernel 1, 3, 5), "
        + "resnet56-e3 (three exits), resnet20-c100 (classes), lenet3-b5-l1-i2 (a shared block of 5 "
        + "channels, 1 layer, 2 insertions)"

    public init(_ text: String) throws(NetworkError) {
        let families = Family.allCases.filter {
            text == $0.rawValue || text.hasPrefix("\($0.rawValue)-")
        }
        guard let family = families.first else { throw .unknownModel(text) }
        self.family = family
        width = family.defaultWidth
        var seen: Set<Character> = []
        var shape = SharedBlock.Shape(channels: 0)
        for setting in text.dropFirst(family.rawValue.count).split(
            separator: "-", omittingEmptySubsequences: false
        ).dropFirst() {
            guard let letter = setting.first, seen.insert(letter).inserted else {
                throw .unknownModel(text)
            }
            try set(letter, String(setting.dropFirst()), in: text, &shape)
        }
        guard shape.channels > 0 || seen.isDisjoint(with: ["l", "i"]) else {
            throw .wrongSetting(model: text, setting: "l or i", allowed: "beside b only")
        }
        if shape.channels > 0 { block = shape }
    }

    private mutating func set(
        _ letter: Character, _ number: String, in text: String, _ shape: inout SharedBlock.Shape
    ) throws(NetworkError) {
        func refuse(_ allowed: String) -> NetworkError {
            .wrongSetting(model: text, setting: "\(letter)\(number)", allowed: allowed)
        }
        func count(_ allowed: [Int], _ sentence: String) throws(NetworkError) -> Int {
            guard let count = Int(number), allowed.contains(count) else { throw refuse(sentence) }
            return count
        }
        switch letter {
        case "w": width = try readWidth(number, refuse)
        case "c": classes = try count(Array(2 ... 1000), "classes c2 … c1000")
        case "k" where family.isResidualForCIFAR:
            kernel = try count([1, 3, 5], "a kernel of k1, k3 or k5")
        case "e" where family.isResidualForCIFAR:
            exits = try count([1, 3], "exits e1 or e3")
        case "b" where family != .densenet40:
            shape.channels = try count(Array(SharedBlock.channelsAllowed), "channels b5 … b512")
        case "l" where family != .densenet40:
            shape.layers = try count(Array(SharedBlock.layersAllowed), "layers l1 … l4")
        case "i" where family != .densenet40:
            shape.insertions = try count(Array(1 ... 1000), "insertions i1 …")
        default: throw refuse(letters)
        }
    }

    private var letters: String {
        let block = family == .densenet40 ? "" : ", b, l and i"
        return (family.isResidualForCIFAR ? "w, k, e, c" : "w, c") + block
    }

    private func readWidth(
        _ number: String, _ refuse: (String) -> NetworkError
    ) throws(NetworkError) -> Double {
        switch family.width {
        case .factor(let unit):
            let channels = Double(number).map { $0 * Double(unit) } ?? .nan
            guard channels > 0, channels <= 4 * Double(unit),
                abs(channels - channels.rounded()) < 1e-9
            else { throw refuse("a factor w above 0 … 4 that leaves whole channels of \(unit)") }
            return channels.rounded() / Double(unit)
        case .count:
            guard let count = Int(number), (1 ... 256).contains(count) else {
                throw refuse("a count w1 … w256")
            }
            return Double(count)
        }
    }

    /// Channels at this width, of as many at width 1.
    func channels(_ count: Int) -> Int { Int((Double(count) * width).rounded()) }

    /// The one spelling that networks and checkpoints carry: defaults left out.
    public var canonical: String {
        let number = width == width.rounded() ? String(Int(width)) : String(width)
        return family.rawValue
            + (width == family.defaultWidth ? "" : "-w\(number)")
            + (kernel == 3 ? "" : "-k\(kernel)")
            + (exits == 1 ? "" : "-e\(exits)")
            + (classes == 10 ? "" : "-c\(classes)")
            + (block.map(\.canonical) ?? "")
    }
}

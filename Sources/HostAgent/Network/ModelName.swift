/// A model as `--model` and checkpoints name it: a family, then settings that
/// differ from its defaults, in any order.
///
///     name    = family { "-" letter number }
///     family  = "lenet5" | "lenet-8x8" | "vgg8" | "resnet20" | "resnet32" | …
///
/// | letter | setting | ResNet | VGG-8 |
/// |--------|---------|--------|-------|
/// | w | width | channels of the first stage, 1 … 256 (16) | factor of all channels, above 0 … 4 (1) |
/// | k | kernel | 1, 3 or 5 (3) | – |
/// | c | classes | 2 … 1000 (10) | 2 … 1000 (10) |
///
/// The LeNets have no settings.
public struct ModelName: Equatable, Sendable {
    public enum Family: String, CaseIterable, Sendable {
        case lenet5
        case lenet8x8 = "lenet-8x8"
        case vgg8
        case resnet20, resnet32, resnet44, resnet56, resnet110

        /// Layers of a ResNet, as its name says; `nil` of the others.
        var residualDepth: Int? {
            rawValue.hasPrefix("resnet") ? Int(rawValue.dropFirst("resnet".count)) : nil
        }
    }

    public var family: Family
    public var width: Double
    public var kernel = 3
    public var classes = 10

    public static let forms =
        "lenet5, lenet-8x8, vgg8 or resnet20, 32, 44, 56, 110; settings behind it as in "
        + "vgg8-w0.25 (all channels times 0.25), resnet20-w32 (channels of the first stage), "
        + "resnet20-k5 (kernel 1, 3, 5), resnet20-c100 (classes)"

    public init(_ text: String) throws(NetworkError) {
        let families = Family.allCases.filter {
            text == $0.rawValue || text.hasPrefix("\($0.rawValue)-")
        }
        guard let family = families.first else { throw .unknownModel(text) }
        self.family = family
        width = family.residualDepth == nil ? 1 : 16
        var seen: Set<Character> = []
        for setting in text.dropFirst(family.rawValue.count).split(
            separator: "-", omittingEmptySubsequences: false
        ).dropFirst() {
            guard let letter = setting.first, seen.insert(letter).inserted else {
                throw .unknownModel(text)
            }
            try set(letter, String(setting.dropFirst()), in: text)
        }
    }

    private mutating func set(_ letter: Character, _ number: String, in text: String)
        throws(NetworkError)
    {
        func refuse(_ allowed: String) -> NetworkError {
            .wrongSetting(model: text, setting: "\(letter)\(number)", allowed: allowed)
        }
        switch (letter, family) {
        case (_, .lenet5), (_, .lenet8x8): throw refuse("no settings")
        case ("w", .vgg8):
            guard let factor = Double(number), factor > 0, factor <= 4,
                (128 * factor).rounded() == 128 * factor
            else { throw refuse("a factor w above 0 … 4 that leaves whole channels of 128") }
            width = factor
        case ("w", _):
            guard let channels = Int(number), (1 ... 256).contains(channels) else {
                throw refuse("channels w1 … w256")
            }
            width = Double(channels)
        case ("k", let family) where family != .vgg8:
            guard let size = Int(number), [1, 3, 5].contains(size) else {
                throw refuse("a kernel of k1, k3 or k5")
            }
            kernel = size
        case ("c", _):
            guard let count = Int(number), (2 ... 1000).contains(count) else {
                throw refuse("classes c2 … c1000")
            }
            classes = count
        default: throw refuse(family == .vgg8 ? "w and c" : "w, k and c")
        }
    }

    /// The one spelling that networks and checkpoints carry: defaults left out.
    public var canonical: String {
        let isResidual = family.residualDepth != nil
        let number = width == width.rounded() ? String(Int(width)) : String(width)
        return family.rawValue
            + (width == (isResidual ? 16 : 1) ? "" : "-w\(number)")
            + (kernel == 3 ? "" : "-k\(kernel)")
            + (classes == 10 ? "" : "-c\(classes)")
    }
}

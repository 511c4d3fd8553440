public import Protocol

/// A chip's state, as far as it tells.
public struct ChipStatus: Equatable, Sendable {
    /// Equal digests mean equal states: every stored cause is in it.
    public var stateDigest: [UInt8]
    public var chipTimeSeconds: Double

    public init(stateDigest: [UInt8], chipTimeSeconds: Double) {
        self.stateDigest = stateDigest
        self.chipTimeSeconds = chipTimeSeconds
    }

    /// The digest as 32 hexadecimal digits.
    public var digestText: String { stateDigest.hexadecimal }
}

/// A chip's wear.
public struct ChipHealth: Equatable, Sendable {
    /// Programming pulses of the chip's life.
    public var pulses: UInt64
    public var cells: UInt64
    /// Cells whose last write-verify failed.
    public var unverified: UInt64
    /// Pulses of the most worn cell over the number after which 63 % of such cells
    /// have failed.
    public var lifeUsed: Double

    public init(pulses: UInt64, cells: UInt64, unverified: UInt64, lifeUsed: Double) {
        self.lifeUsed = lifeUsed
        self.pulses = pulses
        self.cells = cells
        self.unverified = unverified
    }
}

/// A chip that can't do what was asked.
public enum ChipSessionError: StatusError, Equatable {
    case matrixMissing(UInt32, chip: UInt32)
    case deploymentOfAnotherChip(deployed: UInt32, found: UInt32)
    case updateCutShort(file: String)
    case badReply(String)
    case noSuchBank(String, banks: [String])
    case tooLarge(network: String, layers: [LayerTiles], bank: String, tile: [Int], free: Int)

    public struct LayerTiles: Equatable, Sendable {
        public let name: String
        public let rows: Int
        public let columns: Int
        public let tiles: Int
    }

    public var description: String {
        switch self {
        case .matrixMissing(let id, let chip): "chip \(chip) has no matrix \(id); deploy first"
        case .deploymentOfAnotherChip(let deployed, let found):
            "the deployment is for chip \(deployed), this is chip \(found)"
        case .updateCutShort(let file):
            "\(file): an update of this deployment is under way, or was cut short: then run "
                + "deploy --update"
        case .badReply(let what): "the chip's reply makes no sense: \(what)"
        case .noSuchBank(let name, let banks):
            "the chip has no bank '\(name)'; it has \(banks.joined(separator: ", "))"
        case .tooLarge(let network, let layers, let bank, let tile, let free):
            "\(network) needs \(layers.reduce(0) { $0 + $1.tiles }) tiles of "
                + "\(tile[0]) × \(tile[1]) in bank \(bank), \(free) are free; the largest layers: "
                + layers.sorted { $0.tiles > $1.tiles }.prefix(3).map {
                    "\($0.name) of \($0.rows) × \($0.columns) with \($0.tiles)"
                }.joined(separator: ", ")
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .matrixMissing, .deploymentOfAnotherChip, .updateCutShort: .data
        case .tooLarge: .permission
        case .noSuchBank: .usage
        case .badReply: .software
        }
    }
}

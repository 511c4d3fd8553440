internal import Foundation

/// A network on a chip: which matrix holds which layer, and the scales between
/// its integers and real numbers. A small JSON file that `evaluate` and `adapt`
/// read.
public struct Deployment: Codable, Equatable, Sendable {
    public struct LayerPlace: Codable, Equatable, Sendable {
        public var layer: String
        public var matrix: ChipMatrix
        public var scales: LayerScales
        /// Of writing all weights, the last time; `nil` in files that don't say.
        public var writingCost: ChipCost?

        public init(
            layer: String, matrix: ChipMatrix, scales: LayerScales, writingCost: ChipCost? = nil
        ) {
            self.writingCost = writingCost
            self.layer = layer
            self.matrix = matrix
            self.scales = scales
        }
    }

    /// Of this file's form, and of the order of a matrix's rows.
    public static let versionNow = 3
    public var version = Deployment.versionNow
    public var model: String
    /// The checkpoint with weights and biases; relative to the folder of this file, the
    /// linked one where it is a link.
    public var checkpoint: String
    /// XXH3 of that file, 128 bits; `nil`: no file was named.
    public internal(set) var checkpointDigest: String?
    public var chip: UInt32
    /// The chip's bank of matrices that don't say where they lie; `nil`: its first
    /// analog one.
    public var bank: String?
    /// `true` from before an update's first change until its last: what the chip holds
    /// is then the network of no checkpoint.
    public var isUpdating: Bool?
    /// Of most weights.
    public var method: ProgramOptions.Method
    /// `true` where a selection of the weights is write-verified, whatever the method.
    public var verifiesSelection: Bool?
    public var places: [LayerPlace]
    /// The layers that stay in 8-bit integers on the host.
    public var digital: [String: LayerScales]
    /// Tuning columns of the same age as the matrices.
    public var references: TuningReferences?
    /// The correction that products get.
    public var selfTuning: SelfTuning?
    /// Where images leave a network of several exits; `nil`: at the last.
    public var exitRule: ExitRule?

    public init(
        model: String, checkpoint: String, chip: UInt32, bank: String? = nil,
        method: ProgramOptions.Method, places: [LayerPlace], digital: [String: LayerScales] = [:],
        references: TuningReferences? = nil
    ) {
        self.references = references
        self.digital = digital
        self.model = model
        self.checkpoint = checkpoint
        self.chip = chip
        self.bank = bank
        self.method = method
        self.places = places
    }

    var hasVerifiedWeights: Bool { method == .writeVerify || verifiesSelection == true }

    public func place(of layer: MatrixLayer) throws -> LayerPlace {
        guard let place = places.first(where: { $0.layer == layer.name }) else {
            throw NetworkError.unknownLayer(layer.name, layers: places.map(\.layer))
        }
        return place
    }

    /// A network's scales with those of this deployment in their place.
    public func scales(over trained: QuantisationScales) -> QuantisationScales {
        QuantisationScales(
            layers: trained.layers.merging(
                places.map { ($0.layer, $0.scales) }, uniquingKeysWith: { $1 }))
    }

    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try DataFile.write([UInt8](encoder.encode(self)), to: path)
    }

    public init(contentsOf path: String) throws {
        let bytes = try DataFile.rawContents(of: path)
        struct Form: Decodable { var version: Int }
        if let found = try? JSONDecoder().decode(Form.self, from: Data(bytes)).version,
            found != Self.versionNow
        {
            throw DataError.wrongContent(
                file: path,
                expected: "a deployment of version \(Self.versionNow): deploy the network again",
                found: "version \(found)")
        }
        do {
            self = try JSONDecoder().decode(Deployment.self, from: Data(bytes))
        } catch {
            throw DataError.wrongContent(
                file: path, expected: "a deployment as `deploy` writes it",
                found: Self.sentence(error))
        }
    }

    /// What JSON lacks, in a few words.
    private static func sentence(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "no '\(key.stringValue)'"
        case DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context):
            "another kind of value for '\(context.codingPath.last?.stringValue ?? "all")'"
        default: "something that is no such JSON"
        }
    }

    /// Refuses a deployment whose update was cut short, a network that this isn't the
    /// deployment of, a chip that isn't the one deployed to, and one that has lost a
    /// matrix.
    public func check(_ session: any ChipSession, holds network: Network, file: String) throws {
        if isUpdating == true { throw ChipSessionError.updateCutShort(file: file) }
        for layer in network.matrixLayers {
            if let scales = digital[layer.name], scales.areUsable { continue }
            guard
                let place = places.first(where: { $0.layer == layer.name }),
                place.matrix.rows == layer.rows, place.matrix.columns == layer.columns,
                place.scales.areUsable
            else {
                throw DataError.wrongContent(
                    file: file,
                    expected: "scales and a matrix of \([layer.rows, layer.columns].times) for "
                        + "the layer '\(layer.name)' of \(network.name)", found: "none")
            }
        }
        if let exitRule, !exitRule.fits(network) {
            throw DataError.wrongContent(
                file: file,
                expected: "an exit rule for the \(network.exitCount) exits of "
                    + network.name, found: exitRule.text(exits: network.exitCount))
        }
        guard session.dataSheet.serial == chip else {
            throw ChipSessionError.deploymentOfAnotherChip(
                deployed: chip, found: session.dataSheet.serial)
        }
        let present = try session.matrices()
        for place in places
        where !present.contains(where: {
            $0.id == place.matrix.id && $0.rows == place.matrix.rows
                && $0.columns == place.matrix.columns && $0.slices == place.matrix.slices
                && $0.bitsPerSlice == place.matrix.bitsPerSlice
                && $0.codeMax == place.matrix.codeMax
                && $0.mapping == place.matrix.mapping
                && (place.matrix.bank == nil || $0.bank == place.matrix.bank)
        }) {
            throw ChipSessionError.matrixMissing(place.matrix.id, chip: chip)
        }
    }
}

internal import Foundation

/// A trained network with what is needed to use it and to train it again.
public struct Checkpoint {
    public let network: Network
    public let scales: QuantisationScales
    /// The command that made it.
    public let command: String
    public let seed: UInt64

    public init(network: Network, scales: QuantisationScales, command: String, seed: UInt64) {
        self.network = network
        self.scales = scales
        self.command = command
        self.seed = seed
    }

    /// Parameters and running statistics by their PyTorch names; all else as metadata.
    public func encoded() throws -> SafeTensors {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return SafeTensors(
            metadata: [
                "format": "pt",
                "model": network.name,
                "input_size": network.imageShape.map(String.init).joined(separator: "x"),
                "command": command,
                "seed": String(seed),
                "quantisation": String(decoding: try encoder.encode(scales), as: UTF8.self),
            ],
            entries: try network.tensors.map { try SafeTensors.Entry($0.name, $0.tensor) })
    }

    public func write(to path: String) throws { try encoded().write(to: path) }

    public init(contentsOf path: String) throws {
        try self.init(SafeTensors(contentsOf: path), file: path)
    }

    public init(_ file: SafeTensors, file path: String) throws {
        func field(_ name: String) throws(DataError) -> String {
            guard let value = file.metadata[name] else {
                throw .wrongContent(
                    file: path, expected: "'\(name)' among the metadata", found: "none")
            }
            return value
        }
        let model = try field("model")
        guard (try? ModelName(model)) != nil else {
            throw DataError.wrongContent(
                file: path, expected: "one of \(ModelName.forms)", found: "the model '\(model)'")
        }
        network = try NetworkCatalogue.make(model, seed: 0)
        let quantisation = try field("quantisation")
        guard
            let scales = try? JSONDecoder().decode(
                QuantisationScales.self, from: Data(quantisation.utf8)),
            network.matrixLayers.allSatisfy({ scales.layers[$0.name]?.areUsable ?? false })
        else {
            throw DataError.wrongContent(
                file: path, expected: "two scales above 0 for each layer in 'quantisation'",
                found: String(quantisation.prefix(60)))
        }
        self.scales = scales
        command = try field("command")
        guard let seed = UInt64(try field("seed")) else {
            throw DataError.wrongContent(
                file: path, expected: "a whole number as 'seed'", found: try field("seed"))
        }
        self.seed = seed
        try network.load(file, file: path)
    }
}

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

    /// Parameters by their PyTorch names; all else as metadata.
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
            entries: try network.parameters.map {
                SafeTensors.Entry(
                    name: $0.name, shape: $0.tensor.shape, values: try $0.tensor.floats())
            })
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
        network = try NetworkCatalogue.make(field("model"), seed: 0)
        scales = try JSONDecoder().decode(
            QuantisationScales.self, from: Data(field("quantisation").utf8))
        command = try field("command")
        seed = try UInt64(field("seed")) ?? 0
        for (name, tensor) in network.parameters {
            guard let entry = file.entries.first(where: { $0.name == name }) else {
                throw DataError.wrongContent(
                    file: path, expected: "the tensor '\(name)'", found: "none")
            }
            guard entry.shape == tensor.shape else {
                throw DataError.wrongContent(
                    file: path, expected: "'\(name)' of \(tensor.shape.times)",
                    found: entry.shape.times)
            }
            try tensor.assign(.floats(entry.values, shape: entry.shape))
        }
    }
}

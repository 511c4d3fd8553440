internal import Foundation

/// A trained network with what is needed to use it and to train it again.
public struct Checkpoint {
    public let network: Network
    public let scales: QuantisationScales
    /// What a network of few bits was trained with; `nil`: it is one of 8-bit codes.
    public let quantisers: NetworkQuantisers?
    /// The command that made it.
    public let command: String
    public let seed: UInt64
    /// XXH3 of the file that it was read from, 128 bits; `nil`: it was made here.
    public private(set) var digest: String?

    public init(
        network: Network, scales: QuantisationScales, quantisers: NetworkQuantisers? = nil,
        command: String, seed: UInt64
    ) {
        self.network = network
        self.scales = scales
        self.quantisers = quantisers
        self.command = command
        self.seed = seed
    }

    /// Parameters and running statistics by their PyTorch names; all else as metadata.
    public func encoded() throws -> SafeTensors {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        func text(_ value: some Encodable) throws -> String {
            String(decoding: try encoder.encode(value), as: UTF8.self)
        }
        var file = SafeTensors(
            metadata: [
                "format": "pt",
                "model": network.name,
                "input_size": network.imageShape.map(String.init).joined(separator: "x"),
                "command": command,
                "seed": String(seed),
                "quantisation": try text(scales),
            ],
            entries: try network.tensors.map { try SafeTensors.Entry($0.name, $0.tensor) })
        if let quantisers { file.metadata["quantisers"] = try text(quantisers) }
        if let frame = network.frame { file.metadata["frame_colour"] = try text(frame.values) }
        return file
    }

    /// - Returns: the file's digest.
    @discardableResult
    public func write(to path: String) throws -> String {
        let bytes = try encoded().encoded()
        try DataFile.write(bytes, to: path)
        return DataFile.digest(bytes)
    }

    public init(contentsOf path: String) throws {
        let bytes = try DataFile.rawContents(of: path)
        try self.init(SafeTensors(bytes: bytes, file: path), file: path)
        digest = DataFile.digest(bytes)
    }

    public init(_ file: SafeTensors, file path: String) throws {
        let model = try file.text("model", file: path)
        guard (try? ModelName(model)) != nil else {
            throw DataError.wrongContent(
                file: path, expected: "one of \(ModelName.forms)", found: "the model '\(model)'")
        }
        let network = try NetworkCatalogue.make(model, seed: 0)
        scales = try file.decoded(
            "quantisation", file: path, expected: "two scales above 0 for each layer"
        ) { (scales: QuantisationScales) in
            network.matrixLayers.allSatisfy { scales.layers[$0.name]?.areUsable ?? false }
        }
        quantisers =
            file.metadata["quantisers"] == nil
            ? nil
            : try file.decoded(
                "quantisers", file: path,
                expected: "bits 2 … 8 and a step above 0 for each layer's two"
            ) { (quantisers: NetworkQuantisers) in
                network.matrixLayers.allSatisfy {
                    quantisers.layers[$0.name]?.areUsable ?? false
                }
            }
        command = try file.text("command", file: path)
        guard let seed = UInt64(try file.text("seed", file: path)) else {
            throw DataError.wrongContent(
                file: path, expected: "a whole number as 'seed'",
                found: try file.text("seed", file: path))
        }
        self.seed = seed
        try network.load(file, file: path)
        self.network = network
    }
}

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

    public func write(to path: String) throws { try encoded().write(to: path) }

    public init(contentsOf path: String) throws {
        try self.init(SafeTensors(contentsOf: path), file: path)
    }

    public init(_ file: SafeTensors, file path: String) throws {
        let metadata = CheckpointMetadata(values: file.metadata, path: path)
        let model = try metadata.text("model")
        guard (try? ModelName(model)) != nil else {
            throw DataError.wrongContent(
                file: path, expected: "one of \(ModelName.forms)", found: "the model '\(model)'")
        }
        let network = try NetworkCatalogue.make(model, seed: 0)
        scales = try metadata.decoded(
            "quantisation", expected: "two scales above 0 for each layer"
        ) { (scales: QuantisationScales) in
            network.matrixLayers.allSatisfy { scales.layers[$0.name]?.areUsable ?? false }
        }
        quantisers =
            file.metadata["quantisers"] == nil
            ? nil
            : try metadata.decoded(
                "quantisers", expected: "bits 2 … 8 and a step above 0 for each layer's two"
            ) { (quantisers: NetworkQuantisers) in
                network.matrixLayers.allSatisfy {
                    quantisers.layers[$0.name]?.areUsable ?? false
                }
            }
        command = try metadata.text("command")
        guard let seed = UInt64(try metadata.text("seed")) else {
            throw DataError.wrongContent(
                file: path, expected: "a whole number as 'seed'",
                found: try metadata.text("seed"))
        }
        self.seed = seed
        try network.load(file, file: path)
        if let frame = network.frame, file.metadata["frame_colour"] != nil {
            let channels = network.imageShape[0]
            try frame.take(
                metadata.decoded("frame_colour", expected: "\(channels) numbers of 0 … 1") {
                    (colour: [Float]) in
                    colour.count == channels && colour.allSatisfy { (0 ... 1).contains($0) }
                })
        }
        self.network = network
    }
}

/// What a checkpoint says beside its tensors.
private struct CheckpointMetadata {
    let values: [String: String]
    let path: String

    func text(_ name: String) throws(DataError) -> String {
        guard let value = values[name] else {
            throw .wrongContent(
                file: path, expected: "'\(name)' among the metadata", found: "none")
        }
        return value
    }

    /// The value of a name, JSON.
    func decoded<Value: Decodable>(
        _ name: String, expected: String, where isGood: (Value) -> Bool
    ) throws(DataError) -> Value {
        let text = try text(name)
        guard let value = try? JSONDecoder().decode(Value.self, from: Data(text.utf8)),
            isGood(value)
        else {
            throw .wrongContent(
                file: path, expected: "\(expected) in '\(name)'", found: String(text.prefix(60)))
        }
        return value
    }
}

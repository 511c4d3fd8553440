internal import Foundation

/// Between the file's values and libtorch's.
extension SafeTensors.Entry {
    /// A tensor under a name.
    init(_ name: String, _ tensor: Tensor) throws {
        self.init(name: name, shape: tensor.shape, values: try tensor.floats())
    }
}

extension Network {
    /// Takes its tensors from a file that has just these, by PyTorch's names, and the
    /// colour of its frame where the file names one.
    ///
    /// A `state_dict` fits as it is where its network saw images of 0 … 1 in a frame
    /// of `MeanFrame`'s colour; of one trained on normalised images the first
    /// convolution must take over the normalisation: see `InputNormalisation`.
    public func load(_ file: SafeTensors, file path: String) throws {
        let known = Set(tensors.map(\.name))
        if let stranger = file.entries.first(where: { !known.contains($0.name) }) {
            throw DataError.wrongContent(
                file: path, expected: "tensors of \(name) and no others",
                found: "'\(stranger.name)'")
        }
        for named in tensors { try file.fill(named.tensor, named.name, file: path) }
        guard let frame, file.metadata["frame_colour"] != nil else { return }
        let channels = imageShape[0]
        try frame.take(
            file.decoded("frame_colour", file: path, expected: "\(channels) numbers of 0 … 1") {
                (colour: [Float]) in
                colour.count == channels && colour.allSatisfy { (0 ... 1).contains($0) }
            })
    }
}

extension SafeTensors {
    /// What the metadata hold under `name`.
    func text(_ name: String, file path: String) throws(DataError) -> String {
        guard let value = metadata[name] else {
            throw .wrongContent(
                file: path, expected: "'\(name)' among the metadata", found: "none")
        }
        return value
    }

    /// The JSON that the metadata hold under `name`.
    func decoded<Value: Decodable>(
        _ name: String, file path: String, expected: String, where isGood: (Value) -> Bool
    ) throws(DataError) -> Value {
        let text = try text(name, file: path)
        guard let value = try? JSONDecoder().decode(Value.self, from: Data(text.utf8)),
            isGood(value)
        else {
            throw .wrongContent(
                file: path, expected: "\(expected) in '\(name)'", found: String(text.prefix(60)))
        }
        return value
    }

    /// The whole number that the metadata hold under `name`.
    func number(
        _ name: String, _ allowed: ClosedRange<Int>, file path: String
    ) throws(DataError) -> Int {
        guard let number = metadata[name].flatMap({ Int($0) }), allowed.contains(number) else {
            throw .wrongContent(
                file: path, expected: "\(name) of \(allowed.lowerBound) … \(allowed.upperBound)",
                found: metadata[name] ?? "none")
        }
        return number
    }

    /// Gives `tensor` the elements stored under `name`: finite numbers of its shape.
    func fill(_ tensor: Tensor, _ name: String, file path: String) throws {
        guard let entry = entries.first(where: { $0.name == name }) else {
            throw DataError.wrongContent(
                file: path, expected: "the tensor '\(name)'", found: "none")
        }
        guard entry.shape == tensor.shape else {
            throw DataError.wrongContent(
                file: path, expected: "'\(name)' of \(tensor.shape.times)",
                found: entry.shape.times)
        }
        guard entry.values.allSatisfy(\.isFinite) else {
            throw DataError.wrongContent(
                file: path, expected: "numbers in '\(name)'", found: "infinity or no number")
        }
        try tensor.assign(.floats(entry.values, shape: entry.shape))
    }
}

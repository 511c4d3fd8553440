/// Between the file's values and libtorch's.
extension SafeTensors.Entry {
    /// A tensor under a name.
    init(_ name: String, _ tensor: Tensor) throws {
        self.init(name: name, shape: tensor.shape, values: try tensor.floats())
    }
}

extension SafeTensors {
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

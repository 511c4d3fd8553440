internal import ChipClient

/// Results as .npy or, by the file's name, as .csv.
enum ResultFile {
    static func write(_ values: TensorValues, shape: [Int], to path: String) throws {
        guard path.hasSuffix(".csv") else {
            return try NPYFile(shape: shape, values: values).write(to: path)
        }
        let width = shape.last ?? 1
        var text = ""
        switch values {
        case .f32(let floats): append(floats.map { "\($0)" }, width, &text)
        default: append((values.integers ?? []).map(String.init), width, &text)
        }
        try NPYFile.write(text: text, to: path)
    }

    private static func append(_ cells: [String], _ width: Int, _ text: inout String) {
        for start in stride(from: 0, to: cells.count, by: max(1, width)) {
            text += cells[start ..< min(start + width, cells.count)].joined(separator: ",") + "\n"
        }
    }
}

/// The data sets of a place and all corruptions, for people and for programs.
public struct DataListing: Encodable, CustomStringConvertible {
    struct Entry: Encodable {
        let name: String
        let parameters: String
        /// Of severity 1 … 5.
        let values: [[Double]]
    }

    let place: String
    let training: [String]
    let test: [String]
    let corruptions: [Entry]

    public init(_ location: DataLocation) {
        switch location {
        case .embeddedDigits:
            place = "digits (inside the program)"
            (training, test) = (["digits"], ["digits"])
        case .folder(let folder), .environment(let folder):
            place = folder
            training = DataSet.present(.training, in: folder).map(\.rawValue)
            test = DataSet.present(.test, in: folder).map(\.rawValue)
        }
        corruptions = Corruption.allCases.map {
            Entry(name: $0.rawValue, parameters: $0.parameterNames, values: $0.parameters)
        }
    }

    public var description: String {
        func names(_ sets: [String]) -> String {
            sets.isEmpty ? "none" : sets.joined(separator: ", ")
        }
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        let rows = corruptions.map { entry in
            let values = entry.values.map { row in
                row.map { "\($0)".hasSuffix(".0") ? "\(Int($0))" : "\($0)" }.joined(separator: ",")
            }
            return "  " + padded(entry.name, 19) + padded(entry.parameters, 31)
                + values.joined(separator: "  ")
        }
        return """
            data: \(place)
              training: \(names(training))
              test:     \(names(test))
            corruptions, parameters at severity 1 … 5:
            \(rows.joined(separator: "\n"))
            """
    }
}

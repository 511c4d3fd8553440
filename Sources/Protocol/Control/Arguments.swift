internal import ArgumentParser
internal import ChipClient
internal import Protocol

enum MethodArgument: String, ExpressibleByArgument, CaseIterable {
    case openLoop = "open-loop"
    case writeVerify = "write-verify"

    var wire: WireProgram.Method {
        switch self {
        case .openLoop: .openLoop
        case .writeVerify: .writeVerify
        }
    }
}

enum MappingArgument: String, ExpressibleByArgument, CaseIterable {
    case differential, offset

    var wire: WireMapping {
        switch self {
        case .differential: .differential
        case .offset: .offset
        }
    }
}

/// ROW,COLUMN,ROWS,COLUMNS
struct RegionArgument: ExpressibleByArgument {
    let region: WireRegion
    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false)
            .compactMap { UInt32($0) }
        guard numbers.count == 4, numbers[2] > 0, numbers[3] > 0 else { return nil }
        region = .rectangle(
            row: Int(numbers[0]), column: Int(numbers[1]), rows: Int(numbers[2]),
            columns: Int(numbers[3]))
    }
}

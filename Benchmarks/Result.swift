import Foundation

/// One line of output: a figure beside the floor measured in the same run.
struct Result {
    var name: String
    var value: Double
    var unit: String
    /// The same work bare, in the unit of `value`; `nil`: there is none.
    var floor: Double?
    /// How many times more time than the floor the case takes; 1 is the floor.
    var ratio: Double?
    var more: [String: Any] = [:]

    func print() {
        var object: [String: Any] = more
        object["case"] = name
        object["value"] = Self.rounded(value)
        object["unit"] = unit
        object["floor"] = floor.map { Self.rounded($0) as Any } ?? NSNull()
        object["ratio"] = ratio.map { Self.rounded($0) as Any } ?? NSNull()
        do {
            let data = try JSONSerialization.data(
                withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
            FileHandle.standardOutput.write(data + Data("\n".utf8))
        } catch {
            preconditionFailure("a result is always JSON: \(error)")
        }
    }

    /// Four significant digits.
    private static func rounded(_ value: Double) -> NSDecimalNumber {
        NSDecimalNumber(string: String(format: "%.4g", value))
    }
}

enum Timing {
    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        try body()
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// Median seconds of one call of `work` and of `floor`, in turns, so that both see the same
    /// machine: at least `rounds` rounds of at least 20 ms each.
    static func compare(
        rounds: Int = 11, _ work: () throws -> Void, floor: () throws -> Void
    ) rethrows -> (work: Double, floor: Double) {
        let counts = (try count(work), try count(floor))
        var times: ([Double], [Double]) = ([], [])
        for _ in 0 ..< rounds {
            times.0.append(
                try seconds { for _ in 0 ..< counts.0 { try work() } } / Double(counts.0))
            times.1.append(
                try seconds { for _ in 0 ..< counts.1 { try floor() } } / Double(counts.1))
        }
        return (median(times.0), median(times.1))
    }

    private static func count(_ body: () throws -> Void) rethrows -> Int {
        try body()
        let once = try seconds(body)
        return max(1, Int(0.02 / max(once, 1e-7)))
    }

    static func median(_ values: [Double]) -> Double { quantile(values, 0.5) }

    static func quantile(_ values: [Double], _ share: Double) -> Double {
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }
}

internal import ChipClient
internal import Glibc
internal import Protocol

/// Numbers as people read them.
enum Format {
    /// Four significant digits, without an exponent where that stays short.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        if value == 0 { return "0" }
        if value == value.rounded(), abs(value) < 1e9 { return "\(Int(value))" }
        let exponent = Int(log10(abs(value)).rounded(.down))
        let decimals = 3 - exponent
        if decimals < 0 || decimals > 7 {
            let mantissa = value / pow(10, Double(exponent))
            return "\((mantissa * 1000).rounded() / 1000)e\(exponent)"
        }
        let scale = pow(10, Double(decimals))
        return "\((value * scale).rounded() / scale)"
    }

    /// Chip time, in the unit that fits.
    static func seconds(_ value: Double) -> String {
        switch value {
        case ..<120: "\(number(value)) s"
        case ..<7_200: "\(number(value / 60)) min"
        case ..<172_800: "\(number(value / 3_600)) h"
        default: "\(number(value / 86_400)) d"
        }
    }

    static func energy(picojoules: Double) -> String {
        switch picojoules {
        case ..<1e3: "\(number(picojoules)) pJ"
        case ..<1e6: "\(number(picojoules / 1e3)) nJ"
        case ..<1e9: "\(number(picojoules / 1e6)) µJ"
        case ..<1e12: "\(number(picojoules / 1e9)) mJ"
        default: "\(number(picojoules / 1e12)) J"
        }
    }

    static func latency(nanoseconds: Double) -> String {
        switch nanoseconds {
        case ..<1e3: "\(number(nanoseconds)) ns"
        case ..<1e6: "\(number(nanoseconds / 1e3)) µs"
        case ..<1e9: "\(number(nanoseconds / 1e6)) ms"
        default: "\(number(nanoseconds / 1e9)) s"
        }
    }

    static func percent(_ share: Double) -> String { "\(number(100 * share)) %" }

    /// "0–15, 32": runs of neighbours as ranges.
    static func ranges(_ numbers: [UInt32]) -> String {
        var runs: [ClosedRange<UInt32>] = []
        for number in numbers.sorted() {
            if let last = runs.last, last.upperBound &+ 1 == number {
                runs[runs.count - 1] = last.lowerBound ... number
            } else {
                runs.append(number ... number)
            }
        }
        return runs.map { run in
            run.count == 1 ? "\(run.lowerBound)" : "\(run.lowerBound)–\(run.upperBound)"
        }.joined(separator: ", ")
    }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}

func costLine(_ cost: WireCost) -> String {
    "\(Format.latency(nanoseconds: cost.latencyNs)), \(Format.energy(picojoules: cost.energyPj))"
        + (cost.pulses > 0 ? ", \(cost.pulses) pulses" : "")
}

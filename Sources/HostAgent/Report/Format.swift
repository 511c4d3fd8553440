internal import Foundation

/// Numbers as people read them.
public enum Format {
    /// "98.73 %" of 0.9873.
    public static func percent(_ fraction: Double) -> String {
        String(format: "%.2f %%", fraction * 100)
    }

    /// "0.00049 %" of 4.9e-6, "1e-05 %" of 1e-7: three digits of a share, however small.
    public static func share(_ fraction: Double) -> String {
        String(format: "%.3g %%", fraction * 100)
    }

    /// "0.123".
    public static func decimal(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }

    /// "1.23e-4" of a value above 0, else "0".
    public static func scientific(_ value: Double) -> String {
        guard value > 0 else { return "0" }
        let parts = String(format: "%.2e", value).split(separator: "e")
        return "\(parts[0])e\(Int(parts[1]) ?? 0)"
    }

    /// Picojoules as "1.23 µJ".
    public static func energy(picojoules: Double) -> String { engineering(picojoules * 1e-12, "J") }

    /// Nanoseconds as "1.23 ms".
    public static func latency(nanoseconds: Double) -> String {
        engineering(nanoseconds * 1e-9, "s")
    }

    /// Three digits with a prefix.
    public static func engineering(_ value: Double, _ unit: String) -> String {
        guard value > 0, value.isFinite else { return "0 \(unit)" }
        let prefixes = ["p", "n", "µ", "m", "", "k", "M"]
        let power = min(6, max(0, Int((log10(value) / 3).rounded(.down)) + 4))
        let scaled = value / pow(1000, Double(power - 4))
        let digits = scaled < 10 ? 2 : scaled < 100 ? 1 : 0
        return String(format: "%.\(digits)f", scaled) + " \(prefixes[power])\(unit)"
    }

    /// "1,234,567".
    public static func count(_ value: UInt64) -> String {
        var digits = Array(String(value))
        var index = digits.count - 3
        while index > 0 {
            digits.insert(",", at: index)
            index -= 3
        }
        return String(digits)
    }

    /// "1 h 02 min", "3 min 20 s", "12 s", "250 ms".
    public static func duration(_ seconds: Double) -> String {
        if seconds < 1 { return engineering(seconds, "s") }
        let whole = Int(seconds.rounded())
        if whole >= 3600 { return String(format: "%d h %02d min", whole / 3600, whole % 3600 / 60) }
        if whole >= 60 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
        return "\(whole) s"
    }
}

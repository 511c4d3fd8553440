import HostKit

/// What `evaluate` says.
struct EvaluationResult: Encodable, CustomStringConvertible {
    var title: String
    /// In floating point, of a network that was trained so.
    var accuracyFloat: Accuracy?
    /// With weights and inputs rounded as in training, of a network of few bits.
    var accuracyAsTrained: Accuracy?
    /// These bits: "2 bits", or "4-bit inputs, 2-bit weights".
    var bits: String?
    var accuracyDigital: Accuracy
    /// Through the chip.
    var accuracy: Accuracy?
    var clippedShare: Double?
    var exits: ExitResult?
    /// `nil`: no chip was asked.
    var cost: ChipCost?
    var images: String

    var description: String {
        var lines = ["\(title) (\(images))"]
        if let accuracyAsTrained, let bits {
            lines.append("as trained, \(bits): \(accuracyAsTrained.percent)")
        }
        if let accuracyFloat { lines.append("floating point:   \(accuracyFloat.percent)") }
        lines.append("digital integers: \(accuracyDigital.percent)")
        if let accuracy { lines.append("through the chip: \(accuracy.percent)") }
        if let exits { lines += exits.lines }
        if let clippedShare { lines.append("clipped conversions: \(Format.percent(clippedShare))") }
        if let cost { lines.append(cost.line) }
        return lines.joined(separator: "\n")
    }
}

/// What the exits of a network give.
struct ExitResult: Encodable {
    /// Of each where all images leave there, the deepest last.
    var alone: [Accuracy]
    /// Of asking all exits for all images.
    var costAlone: ChipCost?
    var rule: ExitRule?
    /// Of the images that left at each by the rule.
    var left: [Accuracy]?
    /// Of asking for what the rule needs.
    var cost: ChipCost?

    /// By the rule, else at the last exit.
    var accuracy: Accuracy? { left?.reduce(Accuracy(correct: 0, count: 0), +) ?? alone.last }

    var lines: [String] {
        var lines = alone.enumerated().map { "exit \($0 + 1) alone: \($1.percent)" }
        guard let rule, let left, let accuracy else { return lines }
        lines.append("images leave at \(rule.text(exits: alone.count)): \(accuracy.percent)")
        for (exit, part) in left.enumerated() {
            let share = Double(part.count) / Double(max(1, accuracy.count))
            lines.append(
                "  exit \(exit + 1): \(Format.percent(share)) of the images, \(part.percent) right")
        }
        if let cost, let costAlone {
            lines.append(
                "  of the energy and latency of all exits: "
                    + Format.percent(cost.energyPicojoules / max(costAlone.energyPicojoules, 1e-30))
                    + ", "
                    + Format.percent(
                        cost.latencyNanoseconds / max(costAlone.latencyNanoseconds, 1e-30)))
        }
        return lines
    }
}

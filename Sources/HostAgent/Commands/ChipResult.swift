import HostKit

/// What `deploy` and `adapt` say.
struct ChipResult: Encodable, CustomStringConvertible {
    var title: String
    var adaptation: AdaptationReport?
    var unverifiedCells: UInt64?
    var cost: ChipCost
    /// Where images leave from now on, where that was chosen.
    var exit: String?
    var images: String
    var written: String

    var description: String {
        var lines = [title]
        if let adaptation {
            lines.append(
                "before: \(adaptation.before.percent), after: \(adaptation.after.percent) (\(images))"
            )
            lines.append(
                "images used: \(adaptation.imagesUsed) (needs \(adaptation.data.rawValue)); "
                    + "host time: \(Format.duration(adaptation.hostSeconds)); the most worn "
                    + "cell's life: \(Format.share(adaptation.lifeUsed)) spent now, "
                    + "\(Format.share(adaptation.lifeUsedAfter)) in all")
        }
        if let findings = adaptation?.findings { lines += findings.lines }
        if let adaptation, adaptation.unverifiedAfter > 0 {
            lines.append(
                "cells that write-verify didn't reach, of the whole chip: "
                    + "\(Format.count(adaptation.unverifiedAfter)), before "
                    + Format.count(adaptation.unverifiedBefore))
        }
        if let exit { lines.append("most of the images used were right with: \(exit)") }
        if let unverifiedCells {
            lines.append("cells that write-verify didn't reach: \(unverifiedCells)")
        }
        lines.append(cost.line)
        lines.append("written: \(written)")
        return lines.joined(separator: "\n")
    }
}

extension ChipCost {
    var line: String {
        "pulses: \(Format.count(pulses)), cells written: \(Format.count(cellsWritten)), "
            + "energy: \(Format.energy(picojoules: energyPicojoules)), "
            + "latency: \(Format.latency(nanoseconds: latencyNanoseconds)) (simulated)"
    }
}

extension AdaptationFindings {
    fileprivate var lines: [String] {
        var lines: [String] = []
        if written == 0 {
            lines.append(
                "nothing was written: a weight is written once it has moved by \(threshold) "
                    + (threshold == 1 ? "code" : "codes")
                    + ", the nearest moved by \(largestMove); more --epochs or --images, a smaller "
                    + "--batch" + (threshold == 1 ? " or a larger --rate" : "")
                    + " would move them further")
        }
        if let first = losses.first, let last = losses.last {
            lines.append(
                "weights that learn: \(Format.count(UInt64(weights))), of them written, "
                    + "counting each time: \(Format.count(UInt64(written))); loss of the first step: "
                    + "\(Format.decimal(first, 3)), of the last: \(Format.decimal(last, 3))")
        }
        if let zeroGradients, let zeroChanges {
            lines.append(
                "gradients that are zero: \(Format.percent(zeroGradients)), once rounded: "
                    + Format.percent(zeroChanges))
        }
        return lines
    }
}

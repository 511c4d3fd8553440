extension BlockWiseStudy {
    /// What the images go through, and what adapts to them.
    struct Case {
        let trained: Checkpoint
        let shift: ImageShift
        /// "contrast", "labels flipped".
        let shiftName: String
        let loss: FineTuning.Loss
        let placement: Placement
        /// The sets of blocks that learn, one after the other.
        let arms: [Arm]
        /// Pulses that each cell had before.
        var pulses = 0
        /// How weights are written, before and while they learn.
        var method = ProgramOptions.Method.writeVerify

        var name: String {
            "\(trained.network.name), \(shiftName), \(loss.rawValue), \(cells)"
        }

        /// "RRAM", "RRAM after 100000 pulses, open-loop".
        var cells: String {
            pulses == 0
                ? placement.rawValue
                : "\(placement.rawValue) after \(pulses) pulses, \(method.rawValue)"
        }
    }

    /// Blocks that learn together.
    struct Arm {
        let title: String
        let layers: [String]
    }

    var shifts: [(name: String, shift: ImageShift)] {
        let made = settings.corruptions.compactMap(Corruption.init).map { corruption in
            (
                corruption.rawValue,
                ImageShift(
                    .made(corruption, severity: ImageShift.severityUsual), seed: settings.seed)
            )
        }
        return made
            + (settings.flipsLabels
                ? [("labels flipped", ImageShift(flipsLabels: true, seed: settings.seed))] : [])
    }

    /// Some blocks of a network, evenly spaced, its first and its last among them; then
    /// all blocks, whether listed or not.
    func arms(of network: Network) -> [Arm] {
        let blocks = network.blocks.filter { !$0.ownMatrixLayers.isEmpty }
        let count = min(settings.blocks, blocks.count)
        let chosen =
            count == 1
            ? [blocks[0]]
            : (0 ..< count).map { blocks[$0 * (blocks.count - 1) / (count - 1)] }
        func arm(_ title: String, _ blocks: [Block]) -> Arm {
            Arm(title: title, layers: blocks.flatMap(\.ownMatrixLayers).map(\.name))
        }
        return chosen.map { arm($0.name, [$0]) } + [arm("all", blocks)]
    }

    /// All shifts and losses in resistive cells. The first of them once more: the first block
    /// in the other placements; the first, the last and all in cells that are worn, of the first
    /// network.
    var cases: [Case] {
        networks.flatMap { trained -> [Case] in
            let arms = arms(of: trained.network)
            let main = shifts.flatMap { name, shift in
                settings.losses.map {
                    Case(
                        trained: trained, shift: shift, shiftName: name, loss: $0,
                        placement: .resistive, arms: arms)
                }
            }
            let others = main.prefix(1).flatMap { first in
                [Placement.hybrid, .digital].map {
                    Case(
                        trained: trained, shift: first.shift, shiftName: first.shiftName,
                        loss: first.loss, placement: $0, arms: Array(arms.prefix(1)))
                }
            }
            return main + others
        } + wornCases
    }

    private var wornCases: [Case] {
        guard let trained = networks.first, let (shiftName, shift) = shifts.first,
            let loss = settings.losses.first
        else { return [] }
        let arms = arms(of: trained.network)
        return ProgramOptions.Method.allCases.flatMap { method in
            settings.pulses.map {
                Case(
                    trained: trained, shift: shift, shiftName: shiftName, loss: loss,
                    placement: .resistive,
                    arms: arms.count > 2 ? [arms[0]] + arms.suffix(2) : arms, pulses: $0,
                    method: method)
            }
        }
    }
}

/// One case of `BlockWiseStudy` on one chip.
struct BlockWiseRun {
    private let each: BlockWiseStudy.Case
    private let settings: BlockWiseStudy.Settings
    private let seed: UInt64

    init(_ each: BlockWiseStudy.Case, _ settings: BlockWiseStudy.Settings, seed: UInt64) {
        self.each = each
        self.settings = settings
        self.seed = seed
    }

    /// What a chip showed.
    struct Figures: Equatable {
        struct Arm: Equatable {
            var accuracy: Double
            /// Shares of the weights that learn.
            var zeroGradients: Double
            var zeroChanges: Double
            /// Of all cells.
            var pulses: Double

            static let count = 4
            var values: [Double] { [accuracy, zeroGradients, zeroChanges, pulses] }
        }

        /// As deployed, on the shifted images.
        var before: Double
        /// In the order of the case's.
        var arms: [Arm]

        var values: [Double] {
            [before] + arms.flatMap(\.values)
        }

        static func count(arms: Int) -> Int { 1 + Arm.count * arms }

        /// Of all chips, from their `values` one after the other.
        static func all(_ values: [Double], of each: BlockWiseStudy.Case) -> [Figures] {
            let count = count(arms: each.arms.count)
            return stride(from: 0, to: values.count, by: count).map {
                Figures(values[$0 ..< $0 + count])
            }
        }

        /// "18.00 %, conv1 60.10 %, all 58.00 %".
        static func summary(_ values: [Double], of each: BlockWiseStudy.Case) -> String {
            let chips = all(values, of: each)
            func mean(_ figure: (Figures) -> Double) -> String {
                Format.percent(Sample(chips.map(figure)).mean)
            }
            return
                ([mean(\.before)]
                + each.arms.enumerated().map { number, arm in
                    "\(arm.title) \(mean { $0.arms[number].accuracy })"
                }).joined(separator: ", ")
        }

        init(before: Double, arms: [Arm]) {
            self.before = before
            self.arms = arms
        }

        /// From `values`.
        init(_ values: some RandomAccessCollection<Double>) {
            let values = Array(values)
            before = values[0]
            arms = stride(from: 1, to: values.count, by: Arm.count).map {
                Arm(
                    accuracy: values[$0], zeroGradients: values[$0 + 1],
                    zeroChanges: values[$0 + 2], pulses: values[$0 + 3])
            }
        }
    }

    /// Adapts the network as deployed to the training images, arm by arm, each on the chip as
    /// it was when it came: cells that learned and were written back keep a trace of it.
    ///
    /// - Parameters:
    ///   - calibration: images of the time before the shift: converters are set at deployment.
    ///   - freshChip: calls with a connection to it; the chip ends with the call.
    func figures(
        images: DataSplit, calibration: ImageSet,
        freshChip: ((WireChipSession) throws -> Figures.Arm) throws -> Figures.Arm
    ) throws -> Figures {
        var before: Double?
        let arms = try each.arms.map { arm in
            try freshChip {
                try figures(
                    of: arm, on: $0, images: images, calibration: calibration, before: &before)
            }
        }
        guard let before else { preconditionFailure("a case has an arm") }
        return Figures(before: before, arms: arms)
    }

    /// - Parameter before: of the same chip with the same network; measured where it is missing.
    private func figures(
        of arm: BlockWiseStudy.Arm, on session: WireChipSession, images: DataSplit,
        calibration: ImageSet, before: inout Double?
    ) throws -> Figures.Arm {
        try session.stopClock()
        try session.acquireLease()
        defer { try? session.releaseLease() }
        let network = try each.trained.network.copy()
        var mapper = Mapper(network, scales: each.trained.scales)
        if each.placement == .hybrid {
            mapper.banks = Dictionary(uniqueKeysWithValues: arm.layers.map { ($0, "sram") })
        }
        let options = ProgramOptions(each.method)
        var deployment = try mapper.deploy(
            to: session, checkpoint: "", calibration: calibration, options: options
        ).deployment
        if each.pulses > 0 {
            try session.wear(deployment.places.map(\.matrix), pulses: UInt32(each.pulses))
            _ = try mapper.program(&deployment, on: session, options: options)
        }
        func accuracy() throws -> Double {
            try Evaluation.accuracy(
                network, with: ChipProducts(session, deployment), on: images.test
            ).fraction
        }
        if before == nil { before = try accuracy() }
        let pulses = session.cost.pulses
        let findings = try tuning(arm).adaptWithFindings(
            network, &deployment, on: session, images: images.training)
        let learned = session.cost.pulses - pulses
        return Figures.Arm(
            accuracy: try accuracy(), zeroGradients: findings?.zeroGradients ?? 0,
            zeroChanges: findings?.zeroChanges ?? 0, pulses: Double(learned))
    }

    private func tuning(_ arm: BlockWiseStudy.Arm) -> FineTuning {
        FineTuning(
            layers: arm.layers, title: arm.title, loss: each.loss, rule: .wage(WAGE()),
            method: each.method, epochs: settings.epochs, batch: settings.batch,
            rateCodes: settings.rateCodes,
            seed: seed)
    }
}

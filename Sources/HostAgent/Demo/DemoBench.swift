/// The chips of the demonstration side by side, and what was measured on them.
final class DemoBench {
    /// Training images from which the ADCs' ranges are found.
    static let calibrationImages = 256

    private let network: Network
    private let scales: QuantisationScales
    private let split: DataSplit
    private var sessions: [WireChipSession]
    private var deployments: [Deployment] = []
    private var stages: [DemoStage] = []
    /// Of each chip, at the latest stage.
    private var latest: [Accuracy] = []
    private var adaptationCosts: [ChipCost] = []
    private(set) var measurements = Demo.Measurements()

    init(
        network: Network, scales: QuantisationScales, split: DataSplit, sessions: [WireChipSession]
    ) throws {
        guard network.imageShape == split.test.imageShape else {
            throw NetworkError.imagesDoNotFit(
                network: network.name, expected: network.imageShape, found: split.test.imageShape)
        }
        self.network = network
        self.scales = scales
        self.split = split
        self.sessions = sessions
        measurements.onConductance = sessions[0].dataSheet.onConductance
        measurements.offConductance = sessions[0].dataSheet.offConductance
        measurements.levels = sessions[0].dataSheet.levels
    }

    func stopClocks() throws { for session in sessions { try session.stopClock() } }

    func advance(seconds: Double) throws {
        for session in sessions { try session.advanceClock(seconds: seconds) }
    }

    func reconnect(_ sessions: [WireChipSession]) { self.sessions = sessions }

    func digests() throws -> [String] { try sessions.map { try $0.status().digestText } }

    func evaluateDigitally() throws {
        let float = try Evaluation.accuracy(network, with: FloatProducts(), on: split.test)
        let integer = try Evaluation.accuracy(
            network, with: IntegerProducts(network, scales: scales), on: split.test)
        stages.append(
            DemoStage(name: "digital, floating point", accuracies: [float.fraction], cost: nil))
        stages.append(
            DemoStage(name: DemoStage.integers, accuracies: [integer.fraction], cost: nil))
    }

    func deploy(_ method: ProgramOptions.Method, stage: String) throws {
        let mapper = Mapper(network, scales: scales)
        let calibration = try split.training.first(Self.calibrationImages)
        try measure(stage) { session, _ in
            try holdingLease(session) {
                deployments.append(
                    try mapper.deploy(
                        to: session, checkpoint: "", calibration: calibration,
                        options: ProgramOptions(method)
                    ).deployment)
            }
        }
        measurements.openLoopErrors = try readErrors().errors
    }

    func reprogram(_ method: ProgramOptions.Method, stage: String) throws {
        let mapper = Mapper(network, scales: scales)
        try measure(stage) { session, index in
            try holdingLease(session) {
                _ = try mapper.program(
                    &deployments[index], on: session, options: ProgramOptions(method, all: true))
            }
        }
        let read = try readErrors()
        measurements.writeVerifyErrors = read.errors
        measurements.conductances = read.conductances
    }

    func evaluate(stage: String) throws { try measure(stage) { _, _ in } }

    func adapt(_ strategy: any AdaptationStrategy, images: Int, stage: String) throws {
        let images = try split.training.first(images)
        var accuracies: [Double] = []
        var total = ChipCost()
        for (index, session) in sessions.enumerated() {
            let start = session.cost
            let report = try AdaptationReport.measuring(
                strategy, of: network.copy(), &deployments[index], on: session, images: images,
                test: split.test, before: latest[index])
            accuracies.append(report.after.fraction)
            latest[index] = report.after
            adaptationCosts.append(report.cost)
            total += session.cost.since(start)
        }
        stages.append(DemoStage(name: stage, accuracies: accuracies, cost: mean(total)))
    }

    /// Prepares each chip, then sends the test images through it.
    private func measure(_ stage: String, _ prepare: (WireChipSession, Int) throws -> Void) throws {
        latest = []
        var total = ChipCost()
        for (index, session) in sessions.enumerated() {
            let start = session.cost
            try prepare(session, index)
            latest.append(
                try Evaluation.accuracy(
                    network, with: ChipProducts(session, deployments[index]), on: split.test))
            total += session.cost.since(start)
        }
        stages.append(DemoStage(name: stage, accuracies: latest.map(\.fraction), cost: mean(total)))
    }

    private func holdingLease(_ session: WireChipSession, _ body: () throws -> Void) throws {
        try session.acquireLease()
        defer { try? session.releaseLease() }
        try body()
    }

    private func mean(_ total: ChipCost) -> ChipCost {
        let count = Double(sessions.count)
        return ChipCost(
            pulses: UInt64((Double(total.pulses) / count).rounded()),
            energyPicojoules: total.energyPicojoules / count,
            latencyNanoseconds: total.latencyNanoseconds / count,
            cellsWritten: UInt64((Double(total.cellsWritten) / count).rounded()))
    }

    /// Conductances of the first chip's cells, and how far each is from its level,
    /// relative to G_on.
    private func readErrors() throws -> (conductances: [Double], errors: [Double]) {
        let sheet = sessions[0].dataSheet
        let step = (sheet.onConductance - sheet.offConductance) / Double(sheet.levels - 1)
        var conductances: [Double] = []
        var errors: [Double] = []
        for layer in network.matrixLayers {
            let place = try deployments[0].place(of: layer)
            let codes = try WeightQuantisation.codes(of: layer, scale: place.scales.weight)
            let slices = BitSlices(place.matrix)
            let read = try sessions[0].readConductances(place.matrix, repeats: Demo.readRepeats)
            guard read.count == 2 * slices.slices * codes.values.count else {
                throw ChipSessionError.badReply(
                    "\(read.count) conductances of matrix \(place.matrix.id)")
            }
            for slice in 0 ..< slices.slices {
                for polarity in 0 ..< 2 {
                    for (index, code) in codes.values.enumerated() {
                        let digit = slices.digit(code, slice: slice) * (polarity == 0 ? 1 : -1)
                        let target = sheet.offConductance + step * Double(max(0, digit))
                        let value = Double(
                            read[(slice * 2 + polarity) * codes.values.count + index])
                        conductances.append(value)
                        errors.append((value - target) / sheet.onConductance)
                    }
                }
            }
        }
        return (conductances, errors)
    }

    func result(
        chips: [UInt32], digests: [String], layer: String, images: Int,
        provenance: DemoProvenance, seconds: Double
    ) -> DemoResult {
        let fresh = stages.named(DemoStage.writeVerify).mean
        let aged = stages.named(DemoStage.restarted).mean
        let adapted = stages.named(DemoStage.adapted).mean
        return DemoResult(
            model: network.name, testImages: split.test.name, chips: chips,
            spec: sessions[0].dataSheet.spec, technology: sessions[0].dataSheet.technology,
            stages: stages, stateDigests: digests, adaptedLayer: layer, adaptationImages: images,
            wonBack: fresh > aged ? (adapted - aged) / (fresh - aged) : nil,
            adaptationCost: mean(adaptationCosts.reduce(ChipCost(), +)), provenance: provenance,
            seconds: seconds)
    }
}

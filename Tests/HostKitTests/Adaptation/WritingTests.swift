import HostKit
import Testing

@Suite("Strategies that write weights")
struct WritingTests {
    private static func deployed() throws -> (Network, ImageSet, DigitalChip, Deployment) {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        let images = try EmbeddedDigits.load().training.first(20)
        let chip = try DigitalChip(.init(writeVerifySpread: 0.02), seed: 4)
        return (
            network, images, chip, try chip.deploy(network, calibration: images, .writeVerify)
        )
    }

    private static let references = TuningReferences(
        gtmConductance: 20, ltm: [:], initialRatio: 1)

    /// Writes one matrix, then fails.
    private struct Failing: AdaptationStrategy {
        struct Failure: Error {}
        var name: String { "failing" }
        var data: AdaptationData { .nothing }
        func adapt(
            _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
            images: ImageSet
        ) throws {
            let place = deployment.places[0]
            let codes = WeightCodes(
                rows: place.matrix.rows, columns: place.matrix.columns,
                values: Array(repeating: 3, count: place.matrix.rows * place.matrix.columns))
            _ = try session.program(place.matrix, codes, ProgramOptions(.openLoop))
            throw Failure()
        }
    }

    @Test func theMarkComesBeforeTheFirstChange() throws {
        var (network, images, chip, deployment) = try Self.deployed()
        let (before, old) = (chip.programs.count, deployment)
        var marked: Deployment?
        var writtenBefore: Int?
        #expect(throws: Failing.Failure.self) {
            _ = try AdaptationReport.measuring(
                Failing(), of: network, &deployment, on: chip, images: images, test: images
            ) {
                marked = $0
                writtenBefore = chip.programs.count
            }
        }
        #expect(writtenBefore == before && chip.programs.count == before + 1)
        #expect(marked?.places == old.places)
        #expect(throws: ChipSessionError.updateCutShort(file: "d")) {
            try #require(marked).check(chip, holds: network, file: "d")
        }
        // The deployment itself goes on without the mark.
        try deployment.check(chip, holds: network, file: "d")
    }

    /// A converter's range changes products as weights do.
    @Test func calibratingIsAChange() throws {
        struct Calibrating: AdaptationStrategy {
            var name: String { "calibrating" }
            var data: AdaptationData { .nothing }
            func adapt(
                _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
                images: ImageSet
            ) throws {
                for place in deployment.places {
                    _ = try session.calibrate(place.matrix, fullScale: 1)
                }
            }
        }
        var (network, images, chip, deployment) = try Self.deployed()
        var marks = 0
        _ = try AdaptationReport.measuring(
            Calibrating(), of: network, &deployment, on: chip, images: images, test: images
        ) { _ in marks += 1 }
        #expect(marks == 1)
    }

    /// Nor does it send images through the chip: the deployment file isn't to call an update cut
    /// short, and nobody waits for an accuracy that is no good.
    @Test func whatIsRefusedLeavesAllAsItWas() throws {
        var (network, images, chip, deployment) = try Self.deployed()
        deployment.digital["fc2"] = try deployment.place(of: network.place(of: "fc2").layer).scales
        var block = TinySharedBlock()
        block.insertions = 3
        let layers = network.matrixLayers.map(\.name)
        let (old, programs, batches) = (deployment, chip.programs.count, chip.batchesSeen.count)
        let refused: [(strategy: any AdaptationStrategy, error: any Error)] = [
            (FineTuning(layers: ["fc2"]), AdaptationError.onHost(layer: "fc2")),
            (FineTuning(layers: ["fc9"]), NetworkError.unknownLayer("fc9", layers: layers)),
            (block, NetworkError.wrongInsertions(model: "lenet-8x8", asked: 3, places: 2)),
            (SelfTuningByReferences(.gtm), SelfTuningError.noReferences),
            (BatchNormReestimation(), AdaptationError.noBatchNorm(network: "lenet-8x8")),
            (BatchNormFineTuning(), AdaptationError.noBatchNorm(network: "lenet-8x8")),
            (EntropyMinimisation(), AdaptationError.noBatchNorm(network: "lenet-8x8")),
            (ExitSelection(), AdaptationError.oneExit(network: "lenet-8x8")),
        ]
        for (strategy, expected) in refused {
            var isMarked = false
            let error = #expect(throws: (any Error).self) {
                _ = try AdaptationReport.measuring(
                    strategy, of: network, &deployment, on: chip, images: images, test: images
                ) { _ in isMarked = true }
            }
            #expect(error.map { "\($0)" } == "\(expected)")
            #expect(!isMarked, "\(strategy.name)")
            #expect(chip.batchesSeen.count == batches, "\(strategy.name)")
        }
        #expect(deployment == old && chip.programs.count == programs)
        #expect(network.blockLayers.isEmpty)
    }

    /// Before the old network is off the chip, and before an update is marked.
    @Test func tuningColumnsOfAChipWithoutAreRefusedFirst() throws {
        let (network, images, chip, deployment) = try Self.deployed()
        let (matrices, before) = (try chip.matrices(), chip.programs.count)
        var mapper = Mapper(
            network, scales: try .measured(network, on: images, method: .max))
        mapper.writesReferences = true
        #expect(throws: SelfTuningError.noGTM) {
            _ = try mapper.deploy(
                to: chip, checkpoint: "n", calibration: images,
                options: ProgramOptions(.openLoop), replacing: true)
        }
        var isMarked = false
        #expect(throws: SelfTuningError.noGTM) {
            _ = try mapper.update(
                deployment, on: chip, checkpoint: "n", calibration: images,
                options: ProgramOptions(.openLoop)
            ) { _ in isMarked = true }
        }
        #expect(!isMarked && chip.programs.count == before)
        #expect(try chip.matrices() == matrices)
    }

    @Test(
        arguments: [
            BatchNormReestimation(batch: 4, passes: 1), ExitSelection(),
        ] as [any AdaptationStrategy])
    func whoWritesNothingMarksNothing(strategy: any AdaptationStrategy) throws {
        let (network, images, chip, asDeployed) = try ExitTests.deployed(images: 4)
        func parameters() throws -> [[Float]] {
            try network.tensors.map { try $0.tensor.floats() }
        }
        var deployment = asDeployed
        let (programs, before) = (chip.programs.count, try parameters())
        var isMarked = false
        _ = try AdaptationReport.measuring(
            strategy, of: network, &deployment, on: chip, images: images, test: images
        ) { _ in isMarked = true }
        // It did its work.
        #expect(try deployment != asDeployed || parameters() != before)
        #expect(!isMarked && chip.programs.count == programs)
    }

    /// Tuning columns are written open loop: they tell of drift alone where weights were
    /// verified, all or some.
    @Test func verifiedWeightsHaveNothingForTheGTMToCorrect() throws {
        let (network, images, chip, verified) = try Self.deployed()
        let scales = try QuantisationScales.measured(network, on: images, method: .max)
        func openLoop(verifying share: Double?) throws -> Deployment {
            var mapper = Mapper(network, scales: scales)
            mapper.verified = try share.map {
                try WeightSelection(
                    .magnitude, share: $0, of: network, layers: network.matrixLayers,
                    scales: scales)
            }
            return try mapper.deploy(
                to: chip, checkpoint: "n", calibration: images, options: ProgramOptions(.openLoop),
                replacing: true
            ).deployment
        }
        for (deployment, isVerified) in [
            (verified, true), (try openLoop(verifying: 0.1), true),
            (try openLoop(verifying: 0), false), (try openLoop(verifying: nil), false),
        ] {
            var deployment = deployment
            deployment.references = Self.references
            for correction in SelfTuning.Correction.allCases {
                func check() throws {
                    try SelfTuningByReferences(correction).check(network, deployment)
                }
                if isVerified && correction != .drift {
                    #expect(throws: SelfTuningError.writeVerified(correction)) { try check() }
                } else {
                    try check()
                }
            }
        }
    }

    /// The new cells are younger than the columns.
    @Test func writingSomeWeightsGivesTuningColumnsUp() throws {
        var (network, images, chip, deployment) = try Self.deployed()
        deployment.references = Self.references
        let strategy = FineTuning(layers: ["fc2"], epochs: 1)
        _ = try AdaptationReport.measuring(
            strategy, of: network, &deployment, on: chip, images: images, test: images)
        #expect(deployment.references == nil)
        #expect(throws: SelfTuningError.noReferences) {
            try SelfTuningByReferences(.drift).adapt(
                network, &deployment, on: chip, images: images)
        }

        deployment.references = Self.references
        deployment.selfTuning = try SelfTuning(
            .gtm, Self.references, ratio: 0.9, onConductance: 20)
        let (before, old) = (chip.programs.count, deployment)
        var isMarked = false
        #expect(throws: SelfTuningError.correctionInForce(.gtm)) {
            _ = try AdaptationReport.measuring(
                strategy, of: network, &deployment, on: chip, images: images, test: images
            ) { _ in isMarked = true }
        }
        #expect(!isMarked && chip.programs.count == before && deployment == old)
        #expect(throws: SelfTuningError.correctionInForce(.gtm)) {
            try strategy.adapt(network, &deployment, on: chip, images: images)
        }
    }

    /// Conductances that drift took come back, with a pulse for every cell.
    @Test(arguments: [ProgramOptions.Method.openLoop, .writeVerify])
    func reprogrammingUndoesDrift(_ method: ProgramOptions.Method) throws {
        var (network, images, chip, deployment) = try Self.deployed()
        let (scores, batch) = (FloatProducts(), try images.batch(0 ..< 20).images)
        func error() throws -> Double {
            try noGrad {
                let chipScores = try network.scores(batch, with: ChipProducts(chip, deployment))
                return try chipScores.adding(
                    network.scores(batch, with: scores), times: -1
                ).absolute().maximum()
            }
        }
        let fresh = try error()
        try chip.drift(ageSeconds: 1e8)
        let aged = try error()
        let before = chip.programs.count
        let report = try AdaptationReport.measuring(
            Reprogramming(method, tolerance: 0.05), of: network, &deployment, on: chip,
            images: images, test: images)
        #expect(aged > 3 * fresh)
        #expect(try error() < 1.5 * fresh)
        #expect(report.strategy == "reprogramming, \(method.rawValue)" && report.imagesUsed == 0)
        let writes = chip.programs[before...].map(\.options)
        #expect(writes.count == 4)
        #expect(writes.allSatisfy { $0 == ProgramOptions(method, tolerance: 0.05, all: true) })
        // Four slices of two cells for each weight.
        let weights = network.matrixLayers.reduce(0) { $0 + $1.weight.count }
        #expect(report.cost.cellsWritten == UInt64(8 * weights))
        #expect(deployment.method == method)
        #expect(
            deployment.places.map(\.writingCost?.pulses).reduce(0) { $0 + ($1 ?? 0) }
                == report.cost.pulses)
    }
}

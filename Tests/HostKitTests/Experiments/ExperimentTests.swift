import Foundation
import HostKit
import Testing

@Suite("Samples")
struct SampleTests {
    @Test func meanDeviationAndConfidence() throws {
        let sample = Sample([1, 2, 3, 4])
        #expect(sample.mean == 2.5)
        #expect(sample.least == 1)
        #expect(abs(sample.deviation - (5.0 / 3).squareRoot()) < 1e-12)
        // 3.18245 · 1.29099 / 2.
        #expect(abs(try #require(sample.confidence95) - 2.0543) < 0.02)
        #expect(Sample([1]).confidence95 == nil)
    }

    @Test func aFigureIsThatOfEveryGroup() {
        let all = Sample([1, 2, 3, 10, 20, 30])
        #expect((0 ..< 3).map { all.figure($0, of: 3).values } == [[1, 10], [2, 20], [3, 30]])
        #expect(all.figure(0, of: 6) == Sample([1]))
    }

    /// t = 12.7062 of one degree of freedom, s/√2 = 0.01.
    @Test func sharesAreToldInPerCent() {
        #expect(Sample([0.5, 0.52]).percent(digits: 2) == "51.00 ± 12.71")
        #expect(Sample([0.125]).percent(digits: 1) == "12.5")
    }

    /// Against the printed tables of Student's law.
    @Test(arguments: [
        (1, 12.7062, 1e-5), (2, 4.30265, 1e-5), (3, 3.18245, 0.005), (6, 2.44691, 3e-4),
        (9, 2.26216, 1e-4), (49, 2.00958, 1e-5), (1000, 1.96234, 1e-5),
    ])
    func student(freedom: Int, printed: Double, within: Double) {
        #expect(abs(Sample.student975(freedom: freedom) / printed - 1) < within)
    }
}

@Suite("Second principal component")
struct SecondComponentTests {
    /// Points on a line have none; errors across and along have shares that a rotation by
    /// 45° shows: x = (u − v)/√2, y = (u + v)/√2 with Var u = 9, Var v = 1 give 0.1.
    @Test func isTheSmallerShareOfVariance() {
        var line = SecondComponent()
        for value in [-2.0, 0, 1, 5] { line.add(ideal: value, read: 3 * value + 1) }
        #expect(abs(line.share) < 1e-12)

        var rotated = SecondComponent()
        for u in [-3.0, 3] {
            for v in [-1.0, 1] {
                rotated.add(ideal: (u - v) / 2.0.squareRoot(), read: (u + v) / 2.0.squareRoot())
            }
        }
        #expect(abs(rotated.share - 0.1) < 1e-12)
    }

    /// Where neither noise nor wires come between, products show the weights that reads show,
    /// but for their rounding to 1/255 of a level in each slice and tile.
    @Test(arguments: [0, 0.1]) func readsAndProductsShowTheSame(spread: Double) throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 4)
        let images = try EmbeddedDigits.load().training.first(20)
        let trained = Checkpoint(
            network: network, scales: try .measured(network, on: images, method: .max),
            command: "test", seed: 4)
        let chip = try DigitalChip(.init(openLoopSpread: spread))
        let deployment = try Mapper(network, scales: trained.scales).deploy(
            to: chip, checkpoint: "", calibration: images, options: ProgramOptions(.openLoop)
        ).deployment
        let (read, multiplied) = try (
            SecondComponent(of: trained, deployment, on: chip, byProducts: false).share,
            SecondComponent(of: trained, deployment, on: chip, byProducts: true).share
        )
        guard spread > 0 else {
            #expect(read < 1e-9 && multiplied < 1e-9)
            return
        }
        #expect(read > 1e-3)
        #expect(abs(multiplied / read - 1) < 0.01)
    }
}

@Suite("Study chips")
struct StudyChipTests {
    private static let specs = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../firmware-specs").standardized.path

    @Test func aStudyChangesNamedValuesOnly() throws {
        let folder = try TemporaryFolder()
        let chip = StudyChip(
            chip: "rram", device: "rram", chipValues: ["adc_bits": "ideal"],
            deviceValues: ["on_off_ratio": 2.5])
        let file = try chip.write(to: folder.path, from: Self.specs)
        func lines(_ path: String) throws -> [Substring] {
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        }
        for (path, shipped, changed) in [
            (file, "chips/rram.yaml", "  adc_bits: ideal"),
            (
                folder.path + "/devices/rram.yaml", "devices/rram.yaml",
                "on_off_ratio: {value: 2.5, source: \"chosen for a study\"}"
            ),
        ] {
            let differing = try zip(lines(path), lines("\(Self.specs)/\(shipped)")).filter(!=)
            #expect(differing.map(\.0) == [Substring(changed)])
        }
    }

    @Test func aKeyThatIsNotThereIsRefused() throws {
        let folder = try TemporaryFolder()
        let chip = StudyChip(chip: "rram", device: "rram", chipValues: ["adc_bit": "ideal"])
        #expect(throws: DataError.self) {
            _ = try chip.write(to: folder.path, from: Self.specs)
        }
    }
}

@Suite("Tables")
struct ResultTableTests {
    static let table = ResultTable(
        title: "T", header: ["a", "b, c"], rows: [["1", "say \"x\""], ["2", ""]], notes: ["Note."])

    @Test func csvQuotesWhatNeedsIt() {
        #expect(Self.table.csv == "a,\"b, c\"\n1,\"say \"\"x\"\"\"\n2,\n")
    }

    @Test func markdown() {
        #expect(
            Self.table.markdown
                == "# T\n\n| a | b, c |\n| --- | --- |\n| 1 | say \"x\" |\n| 2 |  |\n\nNote.\n")
    }
}

@Suite("Experiments")
struct ExperimentTests {
    private struct Interrupted: Error {}

    /// Three steps that count how often they are done.
    private final class Counting: Experiment {
        var data = ["none"]
        struct Settings: Codable, Equatable, Sendable { var size = 1 }
        static let name = "counting"
        let settings: Settings
        var done: [String] = []
        var failing: String?

        init(size: Int = 1, failing: String? = nil) {
            settings = Settings(size: size)
            self.failing = failing
        }

        func steps(in folder: String) -> [ExperimentStep] {
            ["one", "two", "three"].map { name in
                ExperimentStep(name: name, images: 10, figures: 2) { progress in
                    progress(10)
                    if name == self.failing { throw Interrupted() }
                    self.done.append(name)
                    return [Double(name.count), 1]
                }
            }
        }

        func table(_ figures: [String: Sample]) -> ResultTable {
            ResultTable(
                title: "Counting", header: ["name", "mean"],
                rows: figures.sorted { $0.key < $1.key }.map { [$0.key, "\($0.value.mean)"] })
        }

        func plots(_ figures: [String: Sample]) -> [ResultPlot] {
            [
                ResultPlot(
                    name: "lengths", title: "Lengths", xLabel: "x",
                    [
                        (
                            name: "all",
                            points: [
                                (x: 1, sample: Sample([0.2, 0.4])), (x: 2, sample: Sample([1])),
                            ]
                        )
                    ])
            ]
        }
    }

    @Test func aStoppedRunGoesOnWhereItWas() throws {
        let folder = try TemporaryFolder()
        let runner = ExperimentRunner(folder: folder.path + "/new/results", command: "test")
        let first = Counting(failing: "two")
        #expect(throws: Interrupted.self) { _ = try runner.run(first) }
        #expect(first.done == ["one"])
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/new/results/table.csv"))

        let second = Counting()
        let table = try runner.run(second)
        #expect(second.done == ["two", "three"])
        #expect(table.rows == [["one", "2.0"], ["three", "3.0"], ["two", "2.0"]])
        let csv = try String(
            contentsOfFile: folder.path + "/new/results/table.csv", encoding: .utf8)
        #expect(csv == table.csv)
        let picture = try String(
            contentsOfFile: folder.path + "/new/results/lengths.svg", encoding: .utf8)
        #expect(picture.hasPrefix("<svg xmlns=") && picture.contains(">Lengths</text>"))
        let page = try String(
            contentsOfFile: folder.path + "/new/results/table.md", encoding: .utf8)
        #expect(page == table.markdown + "\n![Lengths](lengths.svg)\n")

        let third = Counting()
        #expect(try runner.run(third) == table)
        #expect(third.done.isEmpty)
    }

    @Test func otherSettingsInTheSameFolderAreRefused() throws {
        let folder = try TemporaryFolder()
        let runner = ExperimentRunner(folder: folder.path, command: "test")
        _ = try runner.run(Counting())
        #expect(
            throws: ExperimentError.changedSettings(
                folder: folder.path, asked: "size 2", recorded: "size 1")
        ) { _ = try runner.run(Counting(size: 2)) }
        let fewer = Counting()
        fewer.data = ["half of them"]
        #expect(
            throws: ExperimentError.otherSettings(
                folder: folder.path, field: "set of images or networks")
        ) { _ = try runner.run(fewer) }
    }

    /// Its settings are none of this study's.
    @Test func anotherStudysFolderIsRefused() throws {
        let folder = try TemporaryFolder()
        _ = try ExperimentRunner(folder: folder.path, command: "test").run(Counting())
        let path = "\(folder.path)/settings.json"
        let record = try String(contentsOfFile: path, encoding: .utf8)
            .replacing("\"size\"", with: "\"width\"")
        for (text, field) in [
            (record.replacing("\"counting\"", with: "\"weighing\""), "experiment"),
            (
                record.replacing("\"libtorch\" : \"", with: "\"libtorch\" : \"9"),
                "version of libtorch"
            ),
        ] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: ExperimentError.otherSettings(folder: folder.path, field: field)) {
                _ = try ExperimentRunner(folder: folder.path, command: "test").run(Counting())
            }
        }
    }

    @Test func stepsOfUnknownSettingsAreRefused() throws {
        let folder = try TemporaryFolder()
        let runner = ExperimentRunner(folder: folder.path, command: "test")
        _ = try runner.run(Counting())
        try FileManager.default.removeItem(atPath: "\(folder.path)/settings.json")
        #expect(
            throws: ExperimentError.stepsWithoutSettings(file: "\(folder.path)/steps.json")
        ) { _ = try runner.run(Counting(size: 2)) }
    }

    @Test func aFileInTheFoldersPlaceIsNamedAsSuch() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("file", [1])
        #expect(throws: DataError.unwritable(file: file, code: ENOTDIR)) {
            _ = try ExperimentRunner(folder: file, command: "test").run(Counting())
        }
    }

    @Test func aBrokenRecordIsRefused() throws {
        let folder = try TemporaryFolder()
        let runner = ExperimentRunner(folder: folder.path, command: "test")
        _ = try runner.run(Counting())
        // No JSON, a step with a figure too few, and an unknown one without any.
        for text in ["[1", #"{"one": [3]}"#, #"{"four": []}"#] {
            let steps = try folder.file("steps.json", Array(text.utf8))
            #expect(throws: ExperimentError.unreadableRecord(file: steps)) {
                _ = try runner.run(Counting())
            }
        }
    }
}

@Suite("The experiment qavat-table")
struct QAVATTableTests {
    static func settings() -> QAVATTable.Settings {
        var settings = QAVATTable.Settings()
        settings.model = "lenet-8x8"
        (settings.chips, settings.images, settings.trainingImages) = (3, 100, 200)
        (settings.epochsFloat, settings.epochsMethod) = (2, 1)
        settings.calibrationImages = 100
        return settings
    }

    @Test func aSeedRepeatsTheTable() throws {
        let tables = try (0 ..< 2).map { _ in
            let folder = try TemporaryFolder()
            return try ExperimentRunner(folder: folder.path, command: "test").run(
                QAVATTable(Self.settings(), data: .embeddedDigits))
        }
        #expect(tables[0] == tables[1])
        let methods = ["PTQ-VAT", "PTQ-VAT, clipped", "QAT", "QAVAT"]
        #expect(
            tables[0].rows.map { "\($0[0]) \($0[1])" }
                == methods.map { "0.10 \($0)" } + methods.map { "0.50 \($0)" })
        // The paper's figures are LeNet-5's.
        #expect(tables[0].rows.allSatisfy { $0.last == "" })
    }

    /// What deploys from a study's folder has the codes that were trained.
    @Test func keptNetworksAreRounded() throws {
        let folder = try TemporaryFolder()
        let study = try QAVATTable(Self.settings(), data: .embeddedDigits)
        _ = try ExperimentRunner(folder: folder.path, command: "test").run(study)
        for name in ["qat", "qavat-0.10", "qavat-0.50", "ptq-vat-0.10"] {
            let kept = try Checkpoint(contentsOf: "\(folder.path)/\(name).safetensors")
            let quantisers = try #require(kept.quantisers)
            for layer in kept.network.matrixLayers {
                // Ternary at two bits.
                let step = try quantisers.quantisers(of: layer).weight.step
                let codes = try layer.weight.floats().map { Double($0) / step }
                #expect(codes.allSatisfy { abs($0 - $0.rounded()) < 1e-5 && abs($0) < 1.5 })
                #expect(try kept.scales.scales(of: layer).weight == step / 127)
            }
        }
    }

    /// The network that one study trained first, given to another.
    @Test func aCheckpointStandsForTheFirstTraining() throws {
        let (trained, started) = (try TemporaryFolder(), try TemporaryFolder())
        let study = try QAVATTable(Self.settings(), data: .embeddedDigits)
        let expected = try ExperimentRunner(folder: trained.path, command: "test").run(study)
        var settings = Self.settings()
        settings.model = "lenet5"
        try settings.start(from: "\(trained.path)/float.safetensors")
        settings.epochsFloat = 1
        let found = try ExperimentRunner(folder: started.path, command: "test").run(
            QAVATTable(settings, data: .embeddedDigits))
        #expect(found == expected)
    }

    /// Chips without any deviation: each one is as good as no chip at all.
    @Test func thePopulationIsAParameter() throws {
        struct Perfect: ChipPopulation {
            func accuracy(
                of network: Network, _ quantisers: NetworkQuantisers, chip: Int,
                on images: ImageSet, each: (Int) -> Void
            ) throws -> Accuracy {
                let products = WeightedProducts(QuantisedWeights(quantisers), inputs: quantisers)
                return try Evaluation.accuracy(network, with: products, on: images)
            }
        }
        let folder = try TemporaryFolder()
        let table = try ExperimentRunner(folder: folder.path, command: "test").run(
            QAVATTable(Self.settings(), data: .embeddedDigits) { _, _ in Perfect() })
        for row in table.rows {
            #expect(row[2] == row[5])
            #expect(row[3] == "0.00")
        }
    }

    /// The network is trained for the deviations it meets: on the digits, at σ = 0.5,
    /// a difference of many confidence intervals.
    @Test func trainingWithDeviationsHelps() throws {
        var settings = Self.settings()
        settings.sigmas = [0.5]
        (settings.chips, settings.images, settings.trainingImages) = (20, 500, nil)
        (settings.epochsFloat, settings.epochsMethod) = (30, 30)
        let folder = try TemporaryFolder()
        let study = try QAVATTable(settings, data: .embeddedDigits)
        let table = try ExperimentRunner(folder: folder.path, command: "test").run(study)
        let accuracies = Dictionary(
            uniqueKeysWithValues: table.rows.map { ($0[1], Double($0[2]) ?? 0) })
        #expect(try #require(accuracies["QAVAT"]) > #require(accuracies["QAT"]) + 2)
        #expect(try #require(accuracies["QAVAT"]) > #require(accuracies["PTQ-VAT"]) + 2)
    }
}

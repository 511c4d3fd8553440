import Foundation
import HostKit
import Testing

/// Tables of figures made up here: two chips, whose values differ in every place. The
/// confidence of two values a and b is 12.7062·|a − b|/2.
@Suite("Tables of the studies")
struct StudyTableTests {
    /// No study is run: nothing is started.
    private static let product = EmulatedChips.Product(daemon: "", specs: "")

    /// CIFAR-10's files with ten black images each.
    private static func images(in folder: TemporaryFolder) throws -> DataLocation {
        for name in (1 ... 5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
            _ = try folder.file(name, Array(repeating: 0, count: 10 * 3073))
        }
        return .folder(folder.path)
    }

    private static func checkpoint(
        _ model: String, _ images: ImageSet, in folder: TemporaryFolder
    ) throws -> String {
        let network = try NetworkCatalogue.make(model, seed: 1)
        let file = "\(folder.path)/n.safetensors"
        try Checkpoint(
            network: network, scales: .measured(network, on: images, method: .max),
            command: "test", seed: 1
        ).write(to: file)
        return file
    }

    /// Chips, then ages, then figures.
    @Test func batchNormsTableIsByAge() throws {
        let folder = try TemporaryFolder()
        let data = try Self.images(in: folder)
        var settings = BatchNormStudy.Settings()
        settings.network = try Self.checkpoint(
            "resnet20-w2",
            ImageSet(
                name: "noise",
                pixels: RandomGenerator(seed: 1).uniform(0 ..< 256, [2, 3, 32, 32])
                    .cast(to: .uint8),
                labels: .integers([Int64(0), 1], shape: [2]), pixelMax: 255), in: folder)
        (settings.chips, settings.parts, settings.ages) = (2, [.drift], [0, 1e4])
        let study = try BatchNormStudy(settings, data: data, product: Self.product)
        let values = [
            [0.90, 0.91, 0.92, 0.93, 1e-4], [0.50, 0.61, 0.72, 0.83, 1e-4],
            [0.88, 0.87, 0.96, 0.89, 3e-4], [0.54, 0.63, 0.70, 0.85, 3e-4],
        ].flatMap(\.self)
        let table = try study.table([
            "uniform drift": Sample(values), "digital, 8 bits": Sample([0.95]),
        ])
        // PC2 grows by (10⁴)^0.1 = 2.512.
        #expect(
            table.rows == [
                [
                    "drift", "uniform drift", "", "0", "2.00e-4", "89.00 ± 12.71", "89.00 ± 25.41",
                    "94.00 ± 25.41", "91.00 ± 25.41",
                ],
                [
                    "drift", "uniform drift", "", "1.00e4", "5.02e-4", "52.00 ± 25.41",
                    "62.00 ± 12.71", "71.00 ± 12.71", "84.00 ± 12.71",
                ],
            ])
        #expect(table.notes.first == "Digital, 8 bits: 95.00 %.")
        let step = try study.steps(in: folder.path).first { $0.name == "uniform drift" }
        #expect(
            step?.summary(values)
                == "70.50 %, momentum 75.50 %, adapted 82.50 %, fine-tuned 87.50 %")
    }

    /// Of three exits seven figures a chip, of one exit one.
    @Test func sensitivitysTableTellsEveryExit() throws {
        let folder = try TemporaryFolder()
        let data = try Self.images(in: folder)
        var settings = SensitivityStudy.Settings()
        settings.networks = ["resnet20-w2-e3", "resnet20-w2"]
        (settings.sigmas, settings.mappings, settings.chips) = ([0.05, 0.2], [.offset], 2)
        let study = try SensitivityStudy(settings, data: data, product: Self.product)
        let table = try study.table([
            "train resnet20-w2-e3": Sample([0.8]), "train resnet20-w2": Sample([0.7]),
            "resnet20-w2-e3, offset, σ = 0.05": Sample([
                0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70,
                0.12, 0.22, 0.32, 0.42, 0.52, 0.62, 0.72,
            ]),
            "resnet20-w2-e3, offset, σ = 0.20": Sample([
                0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65,
                0.09, 0.19, 0.29, 0.39, 0.49, 0.59, 0.69,
            ]),
            "resnet20-w2, offset, σ = 0.05": Sample([0.60, 0.64]),
        ])
        #expect(
            table.header == [
                "network", "mapping", "figure", "digital, 8 bits", "σ = 0.05", "σ = 0.20",
            ])
        #expect(
            table.rows.map { Array($0.dropFirst()) } == [
                ["offset", "exit 1", "", "11.0 ± 12.7", "7.0 ± 25.4"],
                ["offset", "exit 2", "", "21.0 ± 12.7", "17.0 ± 25.4"],
                ["offset", "exit 3", "80.0", "31.0 ± 12.7", "27.0 ± 25.4"],
                ["offset", "early leaving", "", "41.0 ± 12.7", "37.0 ± 25.4"],
                ["offset", "share of exit 1", "", "51.0 ± 12.7", "47.0 ± 25.4"],
                ["offset", "share of exit 2", "", "61.0 ± 12.7", "57.0 ± 25.4"],
                ["offset", "share of exit 3", "", "71.0 ± 12.7", "67.0 ± 25.4"],
                ["offset", "", "70.0", "62.0 ± 25.4", ""],
            ])
        #expect(
            table.rows.map { $0[0] } == Array(repeating: "resnet20-w2-e3", count: 7) + [
                "resnet20-w2"
            ])
    }

    /// Of a chip the accuracy before, then four figures of each arm; costs by placement, then
    /// by arm.
    @Test func blockWisesTableIsByArm() throws {
        let folder = try TemporaryFolder()
        let study = try Self.blockWise([.entropy], chips: 2, in: folder)
        let table = try study.table([
            "lenet-8x8, gaussian_noise, entropy, RRAM": Sample([
                0.30, 0.50, 0.1, 0.2, 1e6, 0.60, 0.3, 0.4, 2e6, 0.70, 0.5, 0.6, 3e6,
                0.34, 0.54, 0.3, 0.4, 3e6, 0.62, 0.5, 0.6, 4e6, 0.78, 0.7, 0.8, 5e6,
            ]),
            "lenet-8x8, costs": Sample([
                1e6, 11e6, 0.01, 2e6, 12e6, 0.02, 3e6, 13e6, 0.03,
                4e6, 14e6, 0.04, 5e6, 15e6, 0.05, 6e6, 16e6, 0.06,
                7e6, 17e6, 0.07, 8e6, 18e6, 0.08, 9e6, 19e6, 0.09,
            ]),
        ])
        let accuracies = [
            ["none", "32.00", "25.41", "", "", ""],
            ["conv1", "52.00", "25.41", "20.0", "30.0", "2.00"],
            ["fc2", "61.00", "12.71", "40.0", "50.0", "3.00"],
            ["all", "74.00", "50.82", "60.0", "70.0", "4.00"],
        ]
        #expect(
            table.rows.prefix(4)
                == accuracies.map {
                    ["lenet-8x8", "RRAM", "gaussian_noise", "entropy"] + $0 + ["", "", ""]
                }[...])
        let costs = [
            ["RRAM", "conv1", "1.000", "11.0", "1.0"], ["RRAM", "fc2", "2.000", "12.0", "2.0"],
            ["RRAM", "all", "3.000", "13.0", "3.0"], ["hybrid", "conv1", "4.000", "14.0", "4.0"],
            ["hybrid", "fc2", "5.000", "15.0", "5.0"], ["hybrid", "all", "6.000", "16.0", "6.0"],
            ["SRAM", "conv1", "7.000", "17.0", "7.0"], ["SRAM", "fc2", "8.000", "18.0", "8.0"],
            ["SRAM", "all", "9.000", "19.0", "9.0"],
        ]
        #expect(
            table.rows.dropFirst(4).map { [$0[1], $0[4]] + $0.suffix(3) } == costs)
    }

    /// The best with labels is met, whichever loss it had.
    @Test func blockWiseComparesWithTheBestLossWithLabels() throws {
        let folder = try TemporaryFolder()
        let study = try Self.blockWise(
            [.squaredError, .crossEntropy, .entropy], chips: 1, in: folder)
        func table(crossEntropy: Double) throws -> ResultTable {
            func figures(_ accuracy: Double) -> Sample {
                Sample([0.3, accuracy, 0, 0, 0, 0.2, 0, 0, 0, 0.1, 0, 0, 0])
            }
            return try study.table([
                "lenet-8x8, gaussian_noise, squared-error, RRAM": figures(0.6),
                "lenet-8x8, gaussian_noise, cross-entropy, RRAM": figures(crossEntropy),
                "lenet-8x8, gaussian_noise, entropy, RRAM": figures(0.7),
            ])
        }
        for (crossEntropy, isAsGood) in [(0.8, 0), (0.5, 1)] {
            #expect(
                try table(crossEntropy: crossEntropy).notes.contains {
                    $0.contains("best block of either, in \(isAsGood) of 1 (published")
                })
        }
    }

    private static func blockWise(
        _ losses: [FineTuning.Loss], chips: Int, in folder: TemporaryFolder
    ) throws -> BlockWiseStudy {
        var settings = BlockWiseStudy.Settings()
        settings.networks = [
            try checkpoint("lenet-8x8", EmbeddedDigits.load().training.first(20), in: folder)
        ]
        (settings.chips, settings.images, settings.adaptationImages) = (chips, 10, 10)
        (settings.corruptions, settings.flipsLabels) = (["gaussian_noise"], false)
        (settings.losses, settings.blocks, settings.pulses) = (losses, 2, [])
        return try BlockWiseStudy(settings, data: .embeddedDigits, product: product)
    }
}

import Foundation
import HostKit
import Testing

@Suite("Expected accuracy on a chip, from a digital chip with RRAM-2b's figures", .serialized)
struct ChipExperiment {
    @Test(.enabled(if: ProcessInfo.processInfo.environment["NVCIM_EXPERIMENT"] != nil))
    func accuracy() throws {
        let environment = ProcessInfo.processInfo.environment
        let checkpoint = try Checkpoint(contentsOf: environment["NVCIM_EXPERIMENT"]!)
        let network = checkpoint.network
        let split = try DataLocation(environment["NVCIM_DATA"]).load(imageShape: network.imageShape)
        let (training, validation) = try split.holdOut(split.training.count / 12)
        let test = environment["NVCIM_FINAL"] != nil ? split.test : try validation.first(2000)
        let digital = try Evaluation.accuracy(
            network, with: IntegerProducts(network, scales: checkpoint.scales), on: test)
        print("digital", digital.percent)
        for (q, d) in [(1.0, 2.0), (0.9999, 2.0), (0.999, 0), (0.99, 0)] {
            for method in [ProgramOptions.Method.openLoop, .writeVerify] {
                let chip = try DigitalChip(
                    .init(
                        openLoopSpread: 0.1, writeVerifySpread: 0.0327, readNoise: 0.1, adcBits: 10)
                )
                let mapper = Mapper(
                    network, scales: checkpoint.scales,
                    range: ConverterRange(quantile: q, deviations: d))
                let deployed = try mapper.deploy(
                    to: chip, checkpoint: "", calibration: training.first(256),
                    options: ProgramOptions(method))
                let products = ChipProducts(chip, deployed.deployment)
                let accuracy = try Evaluation.accuracy(network, with: products, on: test)
                print(
                    q, d, method, accuracy.percent,
                    "clipped", Double(products.clipped) / Double(products.conversions))
            }
        }
        for layer in network.matrixLayers.map(\.name) {
            let chip = try DigitalChip(
                .init(
                    openLoopSpread: 0.1, writeVerifySpread: 0.0327, readNoise: 0.1, adcBits: 10))
            var deployment = try Mapper(network, scales: checkpoint.scales).deploy(
                to: chip, checkpoint: "", calibration: training.first(256),
                options: ProgramOptions(.writeVerify)
            ).deployment
            let fresh = try Evaluation.accuracy(
                network, with: ChipProducts(chip, deployment), on: test)
            for age in [86_400.0, 30.0, 12.17] as [Double] {
                try chip.drift(ageSeconds: age)
                let aged = try Evaluation.accuracy(
                    network, with: ChipProducts(chip, deployment), on: test)
                print("drift", age, aged.percent)
            }
            let copy = try network.copy()
            let report = try AdaptationReport.measuring(
                LayerFineTuning(layer: layer), of: copy, &deployment, on: chip,
                images: training.first(512), test: test)
            print(
                layer, "fresh", fresh.percent, "before", report.before.percent, "after",
                report.after.percent, report.cost, report.hostSeconds)
        }
    }
}

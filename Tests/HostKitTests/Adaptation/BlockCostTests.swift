import Foundation
import HostKit
import Testing

@Suite("What adapting a block costs")
struct BlockCostTests {
    private static func cost(_ latency: Double, _ energy: Double) -> OperationCost {
        OperationCost(latencyNanoseconds: latency, energyPicojoules: energy)
    }

    /// Four layers with powers of ten, so that every digit of a sum tells a term.
    private static let layers = (0 ..< 4).map { i in
        LayerCost(
            layer: "l\(i)", weights: [5, 7, 11, 13][i], forward: cost(1, 2),
            activationGradient: cost([0, 10, 20, 40][i], [0, 100, 200, 400][i]),
            weightGradient: cost([1000, 1000, 2000, 3000][i], [3000, 1000, 2000, 4000][i]),
            update: cost([1e5, 2e5, 1e5, 5e5][i], [1e6, 2e6, 3e6, 4e6][i]))
    }

    /// n = 2: τ_forward 8, behind l0 140, behind l1 120, behind l2 80.
    @Test func sumsAreThoseOfTheFormula() {
        let first = BlockCost("a", layers: ["l0", "l1"], costs: Self.layers, images: 2)
        // l0: 8 + 140 + 2000 + 1e5; l1: 8 + 120 + 2000 + 2e5, which takes longest.
        #expect(first.latency.total == 202_128)
        #expect(first.latency.activationGradient == 120)
        // 2·(8 + 700 + 4000) + 3e6
        #expect(first.energy.total == 3_009_416)
        #expect(first.weights == 12)

        // 8 + 2·3000 + 5e5, 2·(8 + 4000) + 4e6
        let last = BlockCost("b", layers: ["l3"], costs: Self.layers, images: 2)
        #expect(last.latency.total == 506_008)
        #expect(last.latency.activationGradient == 0)
        #expect(last.energy.total == 4_008_016)

        // The order in which layers are named doesn't count; 2·(8 + 700 + 10,000) + 1e7.
        let all = BlockCost("all", layers: ["l3", "l1", "l0", "l2"], costs: Self.layers, images: 2)
        #expect(all.latency == last.latency)
        #expect(all.energy.total == 10_021_416)
    }

    @Test func aNetworksTableHasItsBlocksAndAll() throws {
        let network = try NetworkCatalogue.make("vgg8-w0.03125", seed: 1)
        let costs = network.matrixLayers.map {
            LayerCost(
                layer: $0.name, weights: $0.weight.count, forward: Self.cost(1, 1),
                activationGradient: Self.cost(1, 1), weightGradient: Self.cost(1, 1),
                update: Self.cost(0, 0))
        }
        let table = BlockCost.table(network, costs: costs, images: 1)
        #expect(table.map(\.block) == ["conv1", "conv3", "conv5", "fc1", "all"])
        // 8 layers forwards, those behind the block's first back, and one gradient.
        #expect(table.map(\.latency.total) == [16, 14, 12, 10, 16])
        #expect(table.map(\.energy.total) == [17, 15, 13, 11, 23])
        #expect(table[4].weights == network.matrixLayers.reduce(0) { $0 + $1.weight.count })
    }

    /// Against sums by hand, and against the specs that the constants come from.
    @Test func theEngineCostsWhatItsSpecsSay() throws {
        let engine = WeightGradientEngine(for: [(vectors: 100, columns: 4), (1, 10)])
        #expect(engine.words == 400)
        let cost = engine.cost(vectors: 100, rows: 9, columns: 4)
        // 100 + 9·8, 400·8·0.01 + 3,600·0.23
        #expect(cost.latencyNanoseconds == 172)
        #expect(abs(cost.energyPicojoules - 860) < 1e-9)

        let specs = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../firmware-specs").standardized
        func value(_ key: String, _ file: String) throws -> Double? {
            let text = try String(
                contentsOf: specs.appendingPathComponent(file), encoding: .utf8)
            let line = text.split(separator: "\n").first { $0.contains("\(key): {value: ") }
            return line?.components(separatedBy: "value: ").last.flatMap {
                Double($0.prefix { $0 != "," })
            }
        }
        let sram = "devices/sram.yaml"
        #expect(
            try value("program_pulse_width_ns", sram) == WeightGradientEngine.writeNanoseconds)
        #expect(try value("read_pulse_width_ns", sram) == WeightGradientEngine.readNanoseconds)
        #expect(
            try value("program_pulse_energy_pJ", sram)
                == WeightGradientEngine.writePicojoulesPerBit)
        #expect(
            try value("digital_operation_energy_pJ", "chips/hybrid.yaml")
                == WeightGradientEngine.multiplicationPicojoules)
    }

    @Test func aLayerWithoutCostsIsNamed() throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        let images = try EmbeddedDigits.load().training.first(4)
        let chip = try DigitalChip()
        var mapper = Mapper(
            network, scales: try .measured(network, on: images, method: .max))
        mapper.digital = ["fc2"]
        var deployment = try mapper.deploy(
            to: chip, checkpoint: "n", calibration: images, options: ProgramOptions(.openLoop)
        ).deployment
        func measure() throws {
            _ = try MeasuredCosts(of: network, deployment, on: chip, images: images)
        }
        #expect(throws: CostError.layerOnHost("fc2")) { try measure() }
        deployment.digital = [:]
        deployment.places[0].writingCost = nil
        #expect(throws: CostError.unknownWritingCost("conv1")) { try measure() }
    }
}

import Foundation
import HostKit
import Testing

/// Networks of several exits, and the costs of adapting blocks, through a daemon's chip without
/// noise.
@Suite("Exits and blocks on a chip")
struct BlocksOnChipTests {
    private struct Result: Decodable {
        struct Part: Decodable, Equatable {
            var correct: Int
            var count: Int
        }
        struct Cost: Decodable {
            var energyPicojoules: Double
            var latencyNanoseconds: Double
        }
        struct Exits: Decodable {
            var alone: [Part]
            var costAlone: Cost?
            var left: [Part]?
            var cost: Cost?
        }
        struct Adaptation: Decodable {
            var strategy: String
            var after: Part
        }
        struct Block: Decodable {
            struct Parts: Decodable {
                var forward: Double
                var activationGradient: Double
                var weightGradient: Double
                var update: Double
            }
            var block: String
            var latency: Parts
            var energy: Parts
        }
        var accuracyFloat: Part?
        var accuracyDigital: Part?
        var accuracy: Part?
        var exits: Exits?
        var adaptation: Adaptation?
        var exit: String?
        var blocks: [Block]?
    }

    /// A folder of CIFAR-10's files with noise for images.
    private static func data(in folder: Folder) throws -> String {
        let random = try RandomGenerator(seed: 6)
        let files = (1 ... 5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]
        for file in files {
            let count = file.hasPrefix("test") ? 40 : 8
            var bytes = try random.uniform(0 ..< 256, [count * 3073]).cast(to: .uint8).bytes()
            for record in 0 ..< count { bytes[record * 3073] %= 10 }
            try FileManager.default.createDirectory(
                atPath: folder.path("data"), withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(fileURLWithPath: folder.path("data/\(file)")))
        }
        return folder.path("data")
    }

    @Test func anExitIsChosenForAChip() throws {
        let folder = try Folder()
        let data = try Self.data(in: folder)
        let daemon = try Daemon(
            in: folder, spec: Daemon.exactSpec(in: folder, adc: "ideal", tiles: 500))
        let network = try NetworkCatalogue.make("resnet20-w2-e3", seed: 4)
        let split = try DataLocation(data).load(for: network)
        let (checkpoint, deployment) = (folder.path("n.safetensors"), folder.path("n.json"))
        try Checkpoint(
            network: network, scales: .measured(network, on: split.training, method: .max),
            command: "test", seed: 4
        ).write(to: checkpoint)
        func run(_ arguments: [String], onChip: Bool = true) throws -> Result {
            let at = onChip ? ["--endpoint", daemon.endpoint, "--wait"] : []
            let run = try Programs.run(
                "hostagent", arguments + ["--data", data, "--json", "--threads", "1"] + at)
            #expect(run.status == 0, "\(run.stderr)")
            return try JSONDecoder().decode(Result.self, from: Data(run.stdout.utf8))
        }
        _ = try run(["deploy", checkpoint, "--output", deployment, "--method", "open-loop"])

        // Without a rule all leave at the last exit; the host's integers are the chip's.
        let plain = try run(["evaluate", deployment])
        let exits = try #require(plain.exits)
        #expect(plain.accuracy == exits.alone.last && plain.accuracy == plain.accuracyDigital)
        #expect(exits.left == nil && exits.cost == nil)
        let host = try run(["evaluate", checkpoint], onChip: false)
        #expect(host.accuracyDigital == plain.accuracy && host.exits?.alone == exits.alone)
        #expect(host.accuracyFloat != nil && host.accuracy == nil && host.exits?.costAlone == nil)

        // Most are as unsure as can be: near ln 10 = 2.30 some are below, some above.
        let entropies = try noGrad {
            let scores = try network.exitScores(
                split.test.batch(0 ..< 40).images,
                with: IntegerProducts(network, scales: Checkpoint(contentsOf: checkpoint).scales))
            return try scores[0].floats()
        }
        let sorted = stride(from: 0, to: 400, by: 10)
            .map { Network.entropy(entropies[$0 ..< $0 + 10]) }.sorted()
        let threshold = (sorted[19] + sorted[20]) / 2
        let early = try run(["evaluate", deployment, "--exit-entropy", "\(threshold)"])
        let left = try #require(early.exits?.left)
        #expect(left[0].count == 20 && left.reduce(0) { $0 + $1.count } == 40)
        #expect(early.accuracy?.correct == left.reduce(0) { $0 + $1.correct })
        #expect(early.accuracy == early.accuracyDigital)
        // Stages behind the first exit cost half or less; the first is asked for all.
        let (all, some) = try (#require(early.exits?.costAlone), #require(early.exits?.cost))
        #expect(some.energyPicojoules < 0.95 * all.energyPicojoules)
        #expect(some.latencyNanoseconds < 0.95 * all.latencyNanoseconds)

        let adapted = try run([
            "adapt", deployment, "--method", "exit", "--output", folder.path("a.safetensors"),
        ])
        #expect(adapted.adaptation?.strategy == "choice of the exit")
        let rule = try #require(try Deployment(contentsOf: deployment).exitRule)
        let expected = try ExitSelection().rule(
            for: network,
            with: IntegerProducts(network, scales: Checkpoint(contentsOf: checkpoint).scales),
            on: split.training)
        #expect(rule == expected && adapted.exit == rule.text(exits: 3))
        #expect(try run(["evaluate", deployment]).accuracy == adapted.adaptation?.after)
    }

    @Test func blocksCostWhatTheChipSays() throws {
        let folder = try Folder()
        let daemon = try Daemon(
            in: folder, spec: Daemon.exactSpec(in: folder, adc: "10", tiles: 500))
        let session = try WireChipSession(
            endpoint: daemon.endpoint, chip: 0, waitsForDaemon: true)
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 4)
        let images = try EmbeddedDigits.load().training.first(6)
        let scales = try QuantisationScales.measured(network, on: images, method: .max)
        try session.acquireLease()
        var (deployment, reports) = try Mapper(network, scales: scales).deploy(
            to: session, checkpoint: "n.safetensors", calibration: images,
            options: ProgramOptions(.writeVerify))
        #expect(deployment.places.map(\.writingCost) == reports.map(\.program.cost))

        let start = session.cost
        let costs = try MeasuredCosts(of: network, deployment, on: session, images: images)
        let spent = session.cost.since(start)
        // All that was asked of the chip is charged to a layer.
        let both = costs.layers.map { $0.forward + $0.activationGradient }
            .reduce(OperationCost(), +)
        #expect(abs(both.energyPicojoules * 6 / spent.energyPicojoules - 1) < 1e-9)
        #expect(abs(both.latencyNanoseconds * 6 / spent.latencyNanoseconds - 1) < 1e-9)
        #expect(costs.layers[0].activationGradient == OperationCost())
        #expect(costs.layers[1...].allSatisfy { $0.activationGradient.energyPicojoules > 0 })
        // 64 vectors of 24 columns against 16 of 48.
        #expect(costs.engine.words == 64 * 24)
        // A multiply takes the same time whatever it multiplies.
        let few = try MeasuredCosts(
            of: network, deployment, on: session, images: images.first(2))
        for (a, b) in zip(costs.layers, few.layers) {
            #expect(abs(a.forward.latencyNanoseconds / b.forward.latencyNanoseconds - 1) < 1e-9)
        }
        // One product, asked for alone.
        let place = deployment.places[3]
        let before = session.cost
        _ = try session.multiply(
            place.matrix,
            InputCodes(shape: [1, 64], values: Array(repeating: 0, count: 64)))
        let alone = session.cost.since(before).latencyNanoseconds
        #expect(abs(costs.layers[3].forward.latencyNanoseconds / alone - 1) < 1e-9)

        // An update writes few weights, but the whole layer's cost stays known.
        _ = try Mapper(network, scales: scales).update(
            deployment, on: session, checkpoint: "n", calibration: images,
            options: ProgramOptions(.writeVerify)
        ).deployment.places.enumerated().map {
            #expect($1.writingCost == deployment.places[$0].writingCost)
        }
        try session.releaseLease()

        // From the command line.
        try Checkpoint(network: network, scales: scales, command: "test", seed: 4).write(
            to: folder.path("n.safetensors"))
        let file = folder.path("n.json")
        try deployment.write(to: file)
        let command = [
            "cost", file, "--data", "digits", "--json", "--endpoint", daemon.endpoint, "--images",
            "6",
        ]
        let run = try Programs.run("hostagent", command + ["--batch", "10"])
        #expect(run.status == 0, "\(run.stderr)")
        let result = try JSONDecoder().decode(Result.self, from: Data(run.stdout.utf8))
        let blocks = try #require(result.blocks)
        #expect(blocks.map(\.block) == ["conv1", "conv2", "fc1", "fc2", "all"])
        let table = BlockCost.table(network, costs: costs.layers, images: 10)
        for (found, expected) in zip(blocks, table) {
            #expect(abs(found.latency.forward / expected.latency.forward - 1) < 1e-9)
            #expect(abs(found.energy.update / expected.energy.update - 1) < 1e-9)
            #expect(found.latency.weightGradient == expected.latency.weightGradient)
        }
        #expect(blocks[3].latency.activationGradient == 0)
        // Writing cells takes far longer than anything else: a layer's update decides.
        #expect(blocks[4].latency.update == table.map(\.latency.update).max())

        deployment.digital = ["fc2": try scales.scales(of: network.matrixLayers[3])]
        deployment.places.removeLast()
        try deployment.write(to: file)
        let refused = try Programs.run("hostagent", command)
        #expect(refused.status == 65)
        #expect(refused.stderr.contains("'fc2' stays on the host"), "\(refused.stderr)")
    }

    /// A block of 5 channels behind 28 × 28 places of 5 channels, one group, and 14 × 14 of 10,
    /// two; the gradient's costs by `WeightGradientEngine`, worked out here.
    @Test func aSharedBlocksGradientIsThatOfAllItsVectors() throws {
        let folder = try Folder()
        let daemon = try Daemon(
            in: folder, spec: Daemon.exactSpec(in: folder, adc: "ideal", tiles: 500))
        let session = try WireChipSession(
            endpoint: daemon.endpoint, chip: 0, waitsForDaemon: true)
        let network = try NetworkCatalogue.make("lenet3-b5", seed: 4)
        let random = try RandomGenerator(seed: 6)
        let images = ImageSet(
            name: "noise",
            pixels: try random.uniform(0 ..< 256, [3, 1, 28, 28]).cast(to: .uint8),
            labels: try random.uniform(0 ..< 10, [3]).cast(to: .int64), pixelMax: 255)
        try session.acquireLease()
        defer { try? session.releaseLease() }
        let deployment = try Mapper(
            network, scales: .measured(network, on: images, method: .max)
        ).deploy(
            to: session, checkpoint: "n", calibration: images, options: ProgramOptions(.openLoop)
        ).deployment
        let costs = try MeasuredCosts(of: network, deployment, on: session, images: images)
        let vectors: [String: Double] = [
            "conv1": 28 * 28, "conv1.block.0": 28 * 28, "conv2": 14 * 14,
            "conv2.block.0": 14 * 14 * 2, "fc1": 1,
        ]
        #expect(costs.layers.count == vectors.count)
        for (cost, layer) in zip(costs.layers, network.matrixLayers) {
            let v = try #require(vectors[cost.layer])
            let (rows, columns) = (Double(layer.rows), Double(layer.columns))
            // A nanosecond a vector and a bit of a row; 0.01 pJ a bit, 0.23 pJ a product.
            #expect(cost.weightGradient.latencyNanoseconds == v + rows * 8)
            let energy: Double = v * columns * (0.08 + rows * 0.23)
            #expect(abs(cost.weightGradient.energyPicojoules / energy - 1) < 1e-9)
        }
        #expect(costs.engine.words == 28 * 28 * 5)
    }
}

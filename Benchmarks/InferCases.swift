import Foundation
import HostKit

/// Whole networks through a daemon over ipc: images in, class scores out, with read noise and
/// converters on.
enum InferCases {
    struct Case {
        var model: String
        /// Images that go through the network together.
        var batch: Int
        var name: String { "infer-\(model)-ipc" }
    }

    static let cases = [Case(model: "lenet5", batch: 512), Case(model: "resnet20", batch: 128)]

    /// Tiles for ResNet-20 (236) with some to spare.
    private static let tiles = 256

    static func run(_ test: Case) throws {
        // One thread for the host's share: libtorch's idle threads would spin on the daemon's
        // cores.
        try TorchRuntime.configure(threads: 1)
        try Scratch.folder { folder in
            let spec = try specFile(in: folder)
            let daemon = try WireCases.Daemon(
                folder: folder, spec: spec, threads: TorchRuntime.coreCount)
            defer { daemon.stop() }
            let session = try WireChipSession(
                endpoint: daemon.endpoint, chip: 0, waitsForDaemon: true)
            let network = try NetworkCatalogue.make(test.model, seed: 1)
            let images = try noise(like: network, count: test.batch)
            let products = try deploy(network, to: session, images)
            let inputs = try images.batch(0 ..< test.batch).images
            let floors = try network.bareProducts(inputs)
            var (times, bare, digital): ([Double], [Double], [Double]) = ([], [], [])
            for _ in 0 ..< 7 {
                try noGrad {
                    times.append(
                        try Timing.seconds {
                            _ = try network.scores(inputs, with: products).floats()
                        })
                    digital.append(
                        try Timing.seconds {
                            _ = try network.scores(inputs, with: FloatProducts()).floats()
                        })
                }
                bare.append(Timing.seconds { for product in floors { product.run() } })
            }
            let (work, floor) = (Timing.median(times), Timing.median(bare))
            let count = Double(test.batch)
            Result(
                name: test.name, value: count / work, unit: "images/s", floor: count / floor,
                ratio: work / floor,
                more: [
                    "batch": test.batch, "threads-daemon": TorchRuntime.coreCount,
                    "threads-host": TorchRuntime.threads, "threads-floor": 1,
                    "best": count / (times.min() ?? work),
                    "digital": count / Timing.median(digital),
                    "spec":
                        "\(BenchChip.specName), \(tiles) tiles, weights on two slices of 4 bits",
                    "effects": BenchChip.effects, "age_s": BenchChip.ageSeconds,
                ]
            ).print()
        }
    }

    /// The chip of all cases with more tiles.
    private static func specFile(in folder: URL) throws -> String {
        let text = try String(contentsOfFile: BenchChip.specFile(), encoding: .utf8)
        let known = "tiles: 96\n"
        guard text.contains(known) else {
            throw BenchFault("\(BenchChip.specName).yaml has no line '\(known)'")
        }
        let device = URL(fileURLWithPath: "firmware-specs/devices").path
        let file = folder.appendingPathComponent("chips/infer.yaml")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.appendingPathComponent("devices").path, withDestinationPath: device)
        try text.replacingOccurrences(of: known, with: "tiles: \(tiles)\n")
            .write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    /// Images of even noise: the time of a product does not depend on what it multiplies.
    private static func noise(like network: Network, count: Int) throws -> ImageSet {
        let shape = [count] + network.imageShape
        let pixels = try RandomGenerator(seed: 1).uniform(0 ..< 256, shape).cast(to: .uint8)
        return ImageSet(
            name: "noise", pixels: pixels,
            labels: try .integers([Int64](repeating: 0, count: count), shape: [count]),
            pixelMax: 255)
    }

    private static func deploy(
        _ network: Network, to session: WireChipSession, _ images: ImageSet
    ) throws -> ChipProducts {
        let some = try images.first(32)
        let scales = try QuantisationScales.measured(network, on: some, method: .max)
        try session.acquireLease()
        var mapper = Mapper(network, scales: scales)
        mapper.calibrationVectorsMax = 2000
        let deployment = try mapper.deploy(
            to: session, checkpoint: "", calibration: some, options: ProgramOptions(.openLoop)
        ).deployment
        try session.stopClock()
        try session.advanceClock(seconds: BenchChip.ageSeconds)
        try session.releaseLease()
        return ChipProducts(session, deployment)
    }
}

extension Network {
    /// The product of each layer as one bare matrix product of all its vectors.
    fileprivate func bareProducts(_ images: Tensor) throws -> [BareProduct] {
        let shapes = LayerShapes()
        _ = try noGrad { try scores(images, with: shapes) }
        return shapes.products
    }
}

/// Floating-point products that note the size of each.
private final class LayerShapes: MatrixProducts {
    private(set) var products: [BareProduct] = []

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let shape = layer.outputShape(input.shape)
        products.append(
            BareProduct(
                batch: shape[0] * shape[2...].reduce(1, *), rows: layer.rows,
                columns: layer.columns))
        return try FloatProducts().product(of: layer, with: input)
    }
}

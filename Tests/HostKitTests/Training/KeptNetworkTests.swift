import Foundation
import HostKit
import TestSupport
import Testing

/// The networks of results/networks are what their README says.
@Suite(
    "Kept networks",
    .enabled(if: imageFolder != nil, "NVCIM_DATA isn't set or names no folder"))
struct KeptNetworkTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../results/networks").standardized

    @Test(arguments: [("lenet5", 0.988), ("vgg8-w0.25", 0.86), ("resnet20", 0.9)])
    func areAsGoodAsTheyShouldBe(_ name: String, _ least: Double) throws {
        let checkpoint = try Checkpoint(
            contentsOf: Self.folder.appendingPathComponent("\(name).safetensors").path)
        let network = checkpoint.network
        let images = try DataLocation(imageFolder).load(for: network).test
        #expect(images.count == 5_000)
        let readme = try String(
            contentsOf: Self.folder.appendingPathComponent("README.md"), encoding: .utf8)
        let products: [any MatrixProducts] = [
            FloatProducts(), try IntegerProducts(network, scales: checkpoint.scales),
        ]
        for products in products {
            let accuracy = try Evaluation.accuracy(network, with: products, on: images)
            #expect(accuracy.fraction >= least)
            #expect(readme.contains(accuracy.percent))
        }
    }
}

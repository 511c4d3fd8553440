import Foundation
import HostKit
import Testing

/// Tests/Vectors/networks, as scripts/torch-vectors wrote it: PyTorch's weights by PyTorch's
/// names, two images, and the scores that PyTorch gave them.
@Suite("Networks equal PyTorch's")
struct TorchVectorTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Vectors/networks").standardizedFileURL.path

    static let models = [
        "densenet40-w1", "lenet3", "lenet5-w0.5", "resnet18-w3", "resnet20-w4",
        "resnet32-w2-k5-c7", "resnet56-w2-e3", "vgg11-w0.046875", "vgg16-w0.03125",
        "vgg8-w0.03125",
    ]

    @Test func everyVectorHasATest() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted()
        #expect(files == Self.models.map { "\($0).safetensors" })
    }

    /// Scores are of the order of 0.1 ... 2; what is left is the order of summation.
    @Test(arguments: models)
    func scoresAreTheSame(model: String) throws {
        let path = "\(Self.folder)/\(model).safetensors"
        let file = try SafeTensors(contentsOf: path)
        let isVector = { (entry: SafeTensors.Entry) in entry.name.hasPrefix("vector.") }
        let vectors = file.entries.filter(isVector).sorted { $0.name < $1.name }
        let state = SafeTensors(
            metadata: file.metadata, entries: file.entries.filter { !isVector($0) })

        let network = try NetworkCatalogue.make(model, seed: 1)
        try network.load(state, file: path)
        let images = try #require(vectors.first)
        #expect(images.name == "vector.input")
        let scores = try noGrad {
            try network.exitScores(
                .floats(images.values, shape: images.shape), with: FloatProducts())
        }
        #expect(scores.count == vectors.count - 1)
        for (mine, theirs) in zip(scores, vectors.dropFirst()) {
            #expect(mine.shape == theirs.shape)
            let difference = largestDifference(try mine.floats(), theirs.values)
            #expect(difference < 1e-5, "\(theirs.name)")
        }
    }
}

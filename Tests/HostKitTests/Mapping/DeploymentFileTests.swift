import Foundation
import HostKit
import TestSupport
import Testing

@Suite("Deployment files")
struct DeploymentFileTests {
    private static let here = FileManager.default.currentDirectoryPath
    private static let above = URL(fileURLWithPath: here).deletingLastPathComponent()

    @Test(arguments: [
        ("network", "deployment.json", "network"),
        ("folder/network", "folder/deployment.json", "network"),
        ("folder/below/network", "./folder/deployment.json", "below/network"),
        ("network", "folder/../deployment.json", "network"),
        ("../network", "deployment.json", above.appendingPathComponent("network").path),
        ("network", "folder/deployment.json", "\(here)/network"),
        ("\(here)/network", "deployment.json", "network"),
        ("/folder/network", "/folders/deployment.json", "/folder/network"),
    ])
    func theCheckpointIsFoundFromTheFilesFolder(path: String, file: String, name: String) {
        var deployment = Deployment(
            model: "lenet5", checkpoint: "", chip: 1, method: .openLoop, places: [])
        deployment.name(checkpoint: path, beside: file)
        #expect(deployment.checkpoint == name)
        #expect(
            URL(fileURLWithPath: deployment.checkpointPath(beside: file)).standardizedFileURL
                == URL(fileURLWithPath: path).standardizedFileURL)
    }

    /// Trained further in place, or another deployment's: the chip holds neither.
    @Test func anotherCheckpointInTheFilesPlaceIsRefused() throws {
        let folder = try TemporaryFolder()
        let (path, file) = ("\(folder.path)/n.safetensors", "\(folder.path)/d.json")
        let images = try EmbeddedDigits.load().training.first(10)
        func keep(seed: UInt64) throws -> String {
            let network = try NetworkCatalogue.make("lenet-8x8", seed: seed)
            return try Checkpoint(
                network: network, scales: .measured(network, on: images, method: .max),
                command: "test", seed: seed
            ).write(to: path)
        }
        let digest = try keep(seed: 1)
        var written = Deployment(
            model: "lenet-8x8", checkpoint: "", chip: 1, method: .openLoop, places: [])
        try written.write(to: file, holding: path, digest: digest)
        let deployment = try Deployment(contentsOf: file)
        #expect(try deployment.loadCheckpoint(beside: file).seed == 1)
        _ = try keep(seed: 2)
        #expect {
            try deployment.loadCheckpoint(beside: file)
        } throws: { error in
            guard case DataError.wrongContent(path, _, _) = error else { return false }
            return true
        }
        _ = try keep(seed: 1)
        #expect(try deployment.loadCheckpoint(beside: file).seed == 1)
    }

    @Test(arguments: [
        ("deployment.json", "deployment-adapted.safetensors"),
        ("a/b.json", "a/b-adapted.safetensors"),
        ("c", "c-adapted.safetensors"),
    ])
    func anAdaptedCheckpointIsNamedAfterItsDeployment(file: String, path: String) {
        #expect(Deployment.adaptedPath(of: file) == path)
    }
}

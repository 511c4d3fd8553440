import Foundation
import HostKit
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
}

internal import Foundation

extension Deployment {
    /// Where the checkpoint is, for a deployment read from `file`.
    public func checkpointPath(beside file: String) -> String {
        if checkpoint.hasPrefix("/") { return checkpoint }
        let file = DataFile.target(of: file)
        guard let slash = file.lastIndex(of: "/") else { return checkpoint }
        return "\(file[..<slash])/\(checkpoint)"
    }

    /// The network on the chip, for a deployment read from `file`.
    ///
    /// - Throws: `DataError.wrongContent` where the checkpoint is another than it was: one that
    ///   was trained further, or that another deployment has written.
    public func loadCheckpoint(beside file: String) throws -> Checkpoint {
        let path = checkpointPath(beside: file)
        let trained = try Checkpoint(contentsOf: path)
        if let checkpointDigest, trained.digest != checkpointDigest {
            throw DataError.wrongContent(
                file: path, expected: "the checkpoint that \(file) was written with",
                found: "another, which the chip doesn't hold: put the old one back, or run "
                    + "deploy --update")
        }
        return trained
    }

    /// Names the checkpoint from the folder of `file`: relative where it lies in it, else absolute.
    public mutating func name(checkpoint path: String, beside file: String) {
        let folder =
            URL(fileURLWithPath: DataFile.target(of: file)).deletingLastPathComponent()
            .standardizedFileURL.path + "/"
        let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
        checkpoint =
            absolute.hasPrefix(folder) ? String(absolute.dropFirst(folder.count)) : absolute
    }

    /// Writes the deployment of a checkpoint's network.
    ///
    /// - Parameter digest: of the checkpoint's file when it was read or written: its path may
    ///   hold another one by now.
    public mutating func write(to file: String, holding path: String, digest: String?) throws {
        name(checkpoint: path, beside: file)
        checkpointDigest = digest
        try write(to: file)
    }

    /// Where the adapted network of a deployment goes unless told otherwise, so that two
    /// deployments in a folder don't share it: "lenet-adapted.safetensors" for "lenet.json".
    public static func adaptedPath(of file: String) -> String {
        (file.hasSuffix(".json") ? String(file.dropLast(5)) : file) + "-adapted.safetensors"
    }
}

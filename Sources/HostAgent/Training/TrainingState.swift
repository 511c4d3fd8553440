internal import Foundation

/// The file that a training is kept in from epoch to epoch, so that a run that
/// was killed goes on bit for bit.
///
/// It holds the network with its running statistics, the optimiser's averages, the
/// best epoch's network where the training may stop early, the plan, and how many
/// epochs are done. Random numbers need no place in it:
/// each epoch has streams of its own, decided by the seed and the epoch's number.
/// The file is replaced as a whole, so it is always that of a finished epoch.
public struct TrainingState {
    public let path: String
    /// The weights that the training started from, as the user named them; `nil`: fresh ones.
    package var start: String?

    public init(path: String) { self.path = path }

    /// Keeps what `epochsDone` epochs have made.
    func save(
        _ network: Network, _ rule: any LearningRule, _ stopping: EarlyStopping?,
        of identity: [String: String], epochsDone: Int
    ) throws {
        let best = try stopping?.kept() ?? (metadata: [:], entries: [])
        var metadata = identity
        metadata["epochs_done"] = String(epochsDone)
        metadata["optimiser_step"] = String(rule.step)
        metadata["start"] = start
        metadata.merge(best.metadata) { old, _ in old }
        try SafeTensors(
            metadata: metadata,
            entries: network.tensors.map { try .init($0.name, $0.tensor) }
                + rule.state.enumerated().map { try .init(Self.name($0.offset), $0.element) }
                + best.entries
        ).write(to: path)
    }

    /// Puts network and optimiser where the file says.
    ///
    /// - Returns: the epochs done; 0 where there is no file.
    func restore(
        _ network: Network, _ rule: any LearningRule, _ stopping: EarlyStopping?,
        of identity: [String: String], _ plan: TrainingPlan
    ) throws -> Int {
        guard FileManager.default.fileExists(atPath: path) else { return 0 }
        let file = try SafeTensors(contentsOf: path)
        for (name, value) in identity.sorted(by: { $0.key < $1.key }) {
            let differences = JSONDifference.all(
                name, between: value, and: file.metadata[name] ?? "none")
            guard !differences.isEmpty else { continue }
            throw DataError.wrongContent(
                file: path,
                expected: "the state of a training with "
                    + JSONDifference.text(differences, \.first),
                found: JSONDifference.text(differences, \.second))
        }
        guard file.metadata["start"] == start else {
            throw DataError.wrongContent(
                file: path, expected: "the state of a training from \(start ?? "fresh weights")",
                found: file.metadata["start"] ?? "fresh weights")
        }
        let epochs = try file.number("epochs_done", 0 ... plan.epochs, file: path)
        let step = try file.number("optimiser_step", 0 ... Int.max, file: path)
        for named in network.tensors { try file.fill(named.tensor, named.name, file: path) }
        for (index, tensor) in rule.state.enumerated() {
            try file.fill(tensor, Self.name(index), file: path)
        }
        rule.step = step
        try stopping?.restore(file, network, epochsDone: epochs, file: path)
        return epochs
    }

    /// Takes the file away: the training is over.
    public func remove() throws(DataError) { try DataFile.remove(path) }

    private static func name(_ index: Int) -> String { "optimiser.\(index)" }

    /// What must be the same for a training to go on.
    static func identity(
        _ network: Network, _ plan: TrainingPlan, _ images: ImageSet,
        _ quantisers: NetworkQuantisers?
    ) throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        func text(_ value: some Encodable) throws -> String {
            String(decoding: try encoder.encode(value), as: UTF8.self)
        }
        return [
            "format": "pt", "model": network.name, "plan": try text(plan),
            "images": "\(images.count) of \(images.name)",
            "threads": String(TorchRuntime.threads), "quantisers": try text(quantisers),
            "frame_colour": try text(network.frame?.values),
        ]
    }
}

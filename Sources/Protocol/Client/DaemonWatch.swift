internal import Protocol

/// Looks, each second while an answer is awaited, whether anybody still listens
/// on an ipc socket: libzmq would wait for ever for one that is gone.
struct DaemonWatch {
    private let endpoint: Endpoint
    /// When to look again.
    private(set) var next: ContinuousClock.Instant

    private static let interval = Duration.seconds(1)

    /// Nil for tcp, where a refusal says too little: a host may be on its way.
    init?(endpoint text: String) {
        guard let endpoint = try? Endpoint(parsing: text), endpoint.path != nil else { return nil }
        self.endpoint = endpoint
        next = .now + Self.interval
    }

    /// Looks at once.
    mutating func hurry() { next = .now }

    mutating func look() throws(ChipError) {
        guard ContinuousClock.now >= next else { return }
        next = .now + Self.interval
        if let why = endpoint.whyNobodyListens {
            throw .noDaemon(endpoint: endpoint.description, why: why)
        }
    }
}

internal import ChipClient

/// The way to one chip: a connection that holds the lease, and can be made anew. On a simulated
/// chip the clock stands still but for the laws that move it.
final class Link {
    private let endpoint: String
    private let options: ChipOptions
    private(set) var chip: ChipConnection

    init(_ endpoint: String, _ options: ChipOptions) throws {
        self.endpoint = endpoint
        self.options = options
        chip = try Self.open(endpoint, options)
    }

    func reconnect() throws { chip = try Self.open(endpoint, options) }

    /// Gives the lease back, so that the next host needn't wait for its end.
    func close() throws { try chip.releaseLease() }

    /// Runs `body` on another chip of the same daemon, or on this one.
    func withSibling(_ serial: UInt32, _ body: (ChipConnection) throws -> Void) throws {
        if serial == chip.chip { return try body(chip) }
        var options = options
        options.chip = serial
        let sibling = try Self.open(endpoint, options)
        try body(sibling)
        try sibling.releaseLease()
    }

    private static func open(_ endpoint: String, _ options: ChipOptions) throws -> ChipConnection {
        let chip = try ChipConnection(endpoint: endpoint, options: options)
        try chip.acquireLease()
        if chip.isSimulated { try chip.setClockManual() }
        return chip
    }
}

extension ChipConnection {
    /// Whether clock, snapshots and faults of the chip are at hand.
    var isSimulated: Bool { identity.capabilities.contains("simulation-controls") }
}

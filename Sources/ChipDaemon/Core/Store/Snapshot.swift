/// Everything of a chip but its sessions and its lease, at one moment.
public struct Snapshot: Sendable {
    public var clock: ClockRecord
    /// `sampleEventReserved` is the number of the next read or product: a restored chip repeats
    /// the draws of the one that was saved.
    public var counters: CounterRecord
    public var tiles: [TileRecord]
    public var matrices: [MatrixRecord]
    public var faults: [FaultRecord]

    public init(
        clock: ClockRecord, counters: CounterRecord, tiles: [TileRecord],
        matrices: [MatrixRecord], faults: [FaultRecord]
    ) {
        self.clock = clock
        self.counters = counters
        self.tiles = tiles
        self.matrices = matrices
        self.faults = faults
    }
}

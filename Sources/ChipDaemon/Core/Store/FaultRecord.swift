/// What a simulation control broke in one tile. The cells keep what they were programmed to
/// beneath their faults: when these are cleared, it is back.
///
/// Invariants:
/// 1. Each list is ascending, without repeats.
/// 2. No cell is stuck in both ways.
public struct FaultRecord: Sendable, Hashable {
    public var tile: Int
    /// Cells of the tile that hold G_on.
    public var stuckOn: [UInt32] = []
    /// Cells of the tile that hold the fresh G_off.
    public var stuckOff: [UInt32] = []
    /// Rows.
    public var deadWordLines: [UInt32] = []
    /// Columns.
    public var deadBitLines: [UInt32] = []
    /// Added to each conversion of the tile's columns; 0: none.
    public var adcOffsetLSB = 0.0

    public init(tile: Int) { self.tile = tile }

    public var count: Int {
        stuckOn.count + stuckOff.count + deadWordLines.count + deadBitLines.count
            + (adcOffsetLSB == 0 ? 0 : 1)
    }
}

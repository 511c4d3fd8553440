import ChipCore

/// Records with all kinds of values in them, made from a fixed seed.
enum SampleRecords {
    static let session = SessionID((0 ..< 16).map { UInt8($0 * 11) })!
    static let otherSession = SessionID((0 ..< 16).map { UInt8(200 - $0) })!

    static func tile(_ number: Int, cells: Int = 16_384, seed: UInt32 = 1) -> TileRecord {
        var state = seed &* 2_654_435_761 | 1
        func next() -> UInt32 {
            state = state &* 1_664_525 &+ 1_013_904_223
            return state
        }
        return TileRecord(
            tile: number,
            conductances: (0 ..< cells).map { _ in Float(next() >> 8) * 1e-6 },
            pulses: (0 ..< cells).map { _ in next() },
            instants: (0 ..< cells).map { _ in next() % 3 },
            programmingInstants: [
                .birth, ChipInstant(microseconds: 5), ChipInstant(microseconds: 1 << 53),
            ])
    }

    static func matrix(_ id: UInt32 = 7, tiles: [Int] = [3, 4]) -> MatrixRecord {
        MatrixRecord(
            description: MatrixDescription(
                id: id, name: "Schicht 1 — µ", rows: 3, columns: 2, bank: "nvm", mapping: .offset,
                sensing: .singleEnded, slices: 2, bitsPerSlice: 4, codeMax: 127,
                fullScaleMicroamperes: 51.2, weightsProgrammed: 4, weightsUnverified: 1,
                tiles: tiles),
            codes: [-127, 0, 1, 2, 127, Int16.min], flags: [1, 1, 3, 1, 0, 0])
    }

    static var faults: FaultRecord {
        var faults = FaultRecord(tile: 4)
        faults.stuckOn = [0, 4_464, 16_383]
        faults.deadBitLines = [127]
        faults.adcOffsetLSB = -0.1
        return faults
    }

    static var counters: CounterRecord {
        var counters = CounterRecord()
        counters.changeEventNext = 1 << 60
        counters.sampleEventReserved = (1 << 62) - 1
        counters.matrixNext = UInt32.max - 1
        counters.pulses = 12
        counters.commands = 3
        counters.energyPicojoules = 0.1
        counters.latencyNanoseconds = 1e300
        counters.isPowered = false
        counters.isTruthRevealed = true
        return counters
    }

    static var clock: ClockRecord {
        ClockRecord(
            mode: .rate(1e9), anchor: ChipInstant(microseconds: 1),
            anchorWallMicroseconds: -5, latest: ChipInstant(microseconds: 1 << 53))
    }

    static var everything: StoreChanges {
        var changes = StoreChanges()
        changes.clock = clock
        changes.counters = counters
        changes.lease = LeaseRecord(epoch: 9, holder: session, termMilliseconds: 600_000)
        changes.tiles = [tile(0), tile(191, seed: 2)]
        changes.matrices = [matrix()]
        changes.faults = [faults]
        changes.session = SessionRecord(
            session: session, last: 2, lastDigest: [UInt8](repeating: 9, count: 16), touched: 4)
        changes.outcome = OutcomeRecord(
            session: session, sequence: 2, digest: [UInt8](repeating: 9, count: 16),
            frames: [[1, 2, 3], [], [UInt8](repeating: 7, count: 300_000)])
        return changes
    }
}

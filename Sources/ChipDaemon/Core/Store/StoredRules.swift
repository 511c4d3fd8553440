import Physics

/// What a stored chip must keep to for the chip to work with it: a store may be damaged where no
/// checksum tells.
public enum StoredRules {
    /// Numbers that only grow stay below this: no chip counts so far (chosen).
    private static let countMax: UInt64 = 1 << 62
    /// 100,000 years from 1970 (chosen).
    private static let wallMax: Int64 = 3_200_000_000_000_000_000

    /// What is wrong, as sentences; empty: it is sound.
    public static func findings(_ chip: StoredChip, _ spec: ChipSpec) -> [String] {
        findings(
            Snapshot(
                clock: chip.clock, counters: chip.counters, tiles: chip.tiles,
                matrices: chip.matrices, faults: chip.faults), spec)
            + findings(chip.lease)
    }

    public static func findings(_ chip: Snapshot, _ spec: ChipSpec) -> [String] {
        findings(chip.clock) + findings(chip.counters, spec)
            + chip.tiles.flatMap { findings($0, spec, latest: chip.clock.latest) }
            + findings(chip.matrices, spec, next: chip.counters.matrixNext)
            + chip.faults.flatMap { findings($0, spec) }
    }

    private static func findings(_ clock: ClockRecord) -> [String] {
        var findings: [String] = []
        if clock.anchor > clock.latest { findings.append("chip time stands before its anchor") }
        if !(-wallMax ... wallMax).contains(clock.anchorWallMicroseconds) {
            findings.append("the clock's anchor lies 100,000 years away")
        }
        if clock.latest.microseconds > ChipClock.farthestMicroseconds {
            findings.append("chip time is \(clock.latest.seconds) s, which no chip reaches")
        }
        return findings
    }

    private static func findings(_ counters: CounterRecord, _ spec: ChipSpec) -> [String] {
        let counts = [
            ("change event", counters.changeEventNext),
            ("sample event", counters.sampleEventReserved),
        ]
        var findings = counts.compactMap { name, count in
            (1 ..< countMax).contains(count) ? nil : "the \(name) number is \(count)"
        }
        if !(1 ..< UInt32.max).contains(counters.matrixNext) {
            findings.append("the next matrix has the number \(counters.matrixNext)")
        }
        if !counters.energyPicojoules.isFinite || !counters.latencyNanoseconds.isFinite {
            findings.append("the totals of energy and time are no numbers")
        }
        let isProgrammed = spec.gtmBank.map {
            isReference(counters.gtmMicrosiemens, spec.banks[$0])
        }
        if !(isProgrammed ?? (counters.gtmMicrosiemens == 0)) {
            findings.append("the GTM is said to hold \(counters.gtmMicrosiemens) µS")
        }
        return findings
    }

    private static func findings(_ lease: LeaseRecord) -> [String] {
        lease.epoch < countMax && lease.termMilliseconds < 1 << 40
            ? [] : ["the lease has the epoch \(lease.epoch), \(lease.termMilliseconds) ms"]
    }

    private static func findings(_ tile: TileRecord, _ spec: ChipSpec, latest: ChipInstant)
        -> [String]
    {
        guard (0 ..< spec.tiles).contains(tile.tile) else {
            return ["tile \(tile.tile) is not on the chip, which has \(spec.tiles)"]
        }
        let cells = spec.banks[spec.bank(ofTile: tile.tile)].cellsPerTile
        var findings: [String] = []
        if tile.conductances.count != cells {
            findings.append(
                "tile \(tile.tile) has \(tile.conductances.count) cells instead of \(cells)")
        }
        if let bad = tile.conductances.firstIndex(where: { !($0.isFinite && $0 >= 0) }) {
            findings.append(
                "tile \(tile.tile), cell \(bad), has the conductance \(tile.conductances[bad]) µS")
        }
        let instants = tile.programmingInstants
        if instants.first != .birth {
            findings.append("tile \(tile.tile): the first instant is not the chip's birth")
        }
        if let bad = tile.instants.firstIndex(where: { $0 >= instants.count }) {
            findings.append(
                "tile \(tile.tile), cell \(bad), has the instant \(tile.instants[bad]) of "
                    + "\(instants.count)")
        }
        if let last = instants.max(), last > latest {
            findings.append("tile \(tile.tile) was programmed later than chip time")
        }
        return findings
    }

    private static func findings(_ matrices: [MatrixRecord], _ spec: ChipSpec, next: UInt32)
        -> [String]
    {
        var findings: [String] = []
        var owners: [Int: UInt32] = [:]
        for matrix in matrices {
            let id = matrix.description.id
            if !(1 ..< max(1, next)).contains(id) {
                findings.append("matrix \(id) has a number that was never given")
            }
            findings += Self.findings(matrix, spec)
            for tile in matrix.description.tiles {
                if let other = owners.updateValue(id, forKey: tile) {
                    findings.append("tile \(tile) belongs to matrices \(other) and \(id)")
                }
            }
        }
        return findings
    }

    private static func findings(_ record: MatrixRecord, _ spec: ChipSpec) -> [String] {
        let matrix = record.description
        let name = "matrix \(matrix.id)"
        guard let number = spec.banks.firstIndex(where: { $0.name == matrix.bank }) else {
            return ["\(name) lies in the bank \(matrix.bank), which the chip has not"]
        }
        let bank = spec.banks[number]
        guard !bank.isGTM, isMapped(matrix, bank) else {
            return ["\(name) has a size or a mapping that no command makes"]
        }
        var findings: [String] = []
        let first = spec.firstTile(bank: number)
        let range = first ..< first + bank.tiles
        if let bad = matrix.tiles.first(where: { !range.contains($0) }) {
            findings.append("\(name) has tile \(bad), outside the bank \(matrix.bank)")
        }
        if !isReference(matrix.ltmMicrosiemens, bank)
            || (bank.ltmColumns == 0 && matrix.ltmMicrosiemens != 0)
        {
            findings.append(
                "\(name) has LTM columns that are said to hold \(matrix.ltmMicrosiemens) µS")
        }
        let weights = matrix.rows * matrix.columns
        guard record.codes.count == weights, record.flags.count == weights else {
            return findings + [
                "\(name) has \(record.codes.count) codes and \(record.flags.count) flags instead "
                    + "of \(weights)"
            ]
        }
        let programmed = record.flags.count { $0 & MatrixRecord.programmed != 0 }
        let unverified = record.flags.count { $0 & MatrixRecord.unverified != 0 }
        if programmed != matrix.weightsProgrammed || unverified != matrix.weightsUnverified {
            findings.append("\(name) counts other weights than its flags")
        }
        let codes = zip(record.codes, record.flags)
        if codes.contains(where: {
            $1 & MatrixRecord.programmed != 0 && abs(Int($0)) > matrix.codeMax
        }) {
            findings.append("\(name) has a code above \(matrix.codeMax)")
        }
        return findings
    }

    private static func findings(_ record: FaultRecord, _ spec: ChipSpec) -> [String] {
        let name = "the faults of tile \(record.tile)"
        guard (0 ..< spec.tiles).contains(record.tile) else {
            return ["\(name) are not of the chip, which has \(spec.tiles) tiles"]
        }
        let bank = spec.banks[spec.bank(ofTile: record.tile)]
        var findings: [String] = []
        if bank.isDigital { findings.append("\(name) are in cells that are digital") }
        let lists = [
            (record.stuckOn, bank.cellsPerTile, "cells"),
            (record.stuckOff, bank.cellsPerTile, "cells"),
            (record.deadWordLines, bank.rows, "word lines"),
            (record.deadBitLines, bank.bitLines, "bit lines"),
        ]
        for (list, count, what) in lists {
            let isAscending = zip(list, list.dropFirst()).allSatisfy { $0 < $1 }
            if !isAscending || list.contains(where: { Int($0) >= count }) {
                findings.append("\(name) name \(what) twice or beyond \(count - 1)")
            }
        }
        if !Set(record.stuckOn).isDisjoint(with: record.stuckOff) {
            findings.append("\(name) hold a cell both ON and OFF")
        }
        if !ConverterError.offsetRange.contains(record.adcOffsetLSB) {
            findings.append("\(name) have an offset of \(record.adcOffsetLSB) LSB")
        }
        return findings
    }

    /// 0: not programmed.
    private static func isReference(_ microsiemens: Double, _ bank: BankSpec) -> Bool {
        let window = bank.window
        return microsiemens == 0
            || (window.off.microsiemens ... window.on.microsiemens).contains(microsiemens)
    }

    private static func isMapped(_ matrix: MatrixDescription, _ bank: BankSpec) -> Bool {
        let isOffset = matrix.mapping == .offset
        let sides = 1 ... 1 << 20
        let bits = matrix.slices.multipliedReportingOverflow(by: matrix.bitsPerSlice)
        guard sides.contains(matrix.rows), sides.contains(matrix.columns), !bits.overflow,
            matrix.slices > 0, (1 ... bank.technology.bitsPerCell).contains(matrix.bitsPerSlice),
            ((isOffset ? 2 : 1) ... WeightEncoding.bitsMax).contains(bits.partialValue),
            (1 ... (1 << (bits.partialValue - (isOffset ? 1 : 0))) - 1).contains(matrix.codeMax),
            (matrix.sensing == .singleEnded) == isOffset,
            matrix.fullScaleMicroamperes.isFinite, matrix.fullScaleMicroamperes > 0
        else { return false }
        return matrix.tiles.count == MatrixLayout(matrix, bank: bank).tilesNeeded
    }
}

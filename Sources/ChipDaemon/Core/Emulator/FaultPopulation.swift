import Physics

/// The cells, lines or converters that a fault command draws from, numbered tile after tile.
struct FaultPopulation {
    private struct Part {
        var tile: Int
        var first: Int
        var count: Int
    }
    private let kind: FaultCommand.Kind
    private var parts: [Part] = []
    private(set) var count = 0

    init(_ kind: FaultCommand.Kind, tiles: [Int], spec: ChipSpec) {
        self.kind = kind
        for tile in tiles {
            let bank = spec.banks[spec.bank(ofTile: tile)]
            let elements =
                switch kind {
                case .stuckOn, .stuckOff: bank.cellsPerTile
                case .deadWordLine: bank.rows
                case .deadBitLine: bank.bitLines
                case .adcOffset: 1
                }
            parts.append(Part(tile: tile, first: count, count: elements))
            count += elements
        }
    }

    /// Elements with a fault of the kind, or of another that shuts it out, ascending.
    func broken(_ faults: [Int: FaultRecord]) -> [Int] {
        parts.flatMap { part -> [Int] in
            guard let record = faults[part.tile] else { return [] }
            let indices: [UInt32] =
                switch kind {
                case .stuckOn, .stuckOff: (record.stuckOn + record.stuckOff).sorted()
                case .deadWordLine: record.deadWordLines
                case .deadBitLine: record.deadBitLines
                case .adcOffset: record.adcOffsetLSB == 0 ? [] as [UInt32] : [0]
                }
            return indices.map { part.first + Int($0) }
        }
    }

    /// Enters new faults.
    ///
    /// - Precondition: the elements are sound, distinct and ascending.
    func enter(_ elements: [Int], in faults: inout [Int: FaultRecord]) {
        var rest = elements[...]
        for part in parts {
            let end = part.first + part.count
            let mine = rest.prefix { $0 < end }.map { UInt32($0 - part.first) }
            rest = rest.dropFirst(mine.count)
            if mine.isEmpty { continue }
            var record = faults[part.tile] ?? FaultRecord(tile: part.tile)
            switch kind {
            case .stuckOn: record.stuckOn = (record.stuckOn + mine).sorted()
            case .stuckOff: record.stuckOff = (record.stuckOff + mine).sorted()
            case .deadWordLine: record.deadWordLines = (record.deadWordLines + mine).sorted()
            case .deadBitLine: record.deadBitLines = (record.deadBitLines + mine).sorted()
            case .adcOffset(let lsb): record.adcOffsetLSB = lsb
            }
            faults[part.tile] = record
        }
    }

    /// The elements at some places among the sound ones; both lists ascending.
    static func elements(at places: [Int], skipping broken: [Int]) -> [Int] {
        var skipped = 0
        return places.map { place in
            while skipped < broken.count, broken[skipped] <= place + skipped { skipped += 1 }
            return place + skipped
        }
    }
}

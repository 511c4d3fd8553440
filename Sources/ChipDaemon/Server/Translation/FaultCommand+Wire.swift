internal import ChipCore
internal import Physics
internal import Protocol

extension FaultCommand {
    init(_ wire: WireSimulatedFault) throws(WireError) {
        guard wire.tiles.count <= FieldBounds.tilesMax else {
            throw FieldBounds.outOfRange(
                "tiles", "\(wire.tiles.count) entries long", "at most \(FieldBounds.tilesMax)")
        }
        self.init(
            kind: try Kind(wire), bank: try FieldBounds.name("bank", wire.bank),
            tiles: wire.tiles.map { Int($0) }, amount: try Amount(wire), seed: wire.seed)
    }
}

extension FaultCommand.Kind {
    fileprivate init(_ wire: WireSimulatedFault) throws(WireError) {
        guard wire.offsetLsb == 0 || wire.kind == .adcOffset else {
            throw .field(
                "offset_lsb is \(wire.offsetLsb), but only the kind ADC_OFFSET has one; allowed: 0")
        }
        switch wire.kind {
        case .stuckOn: self = .stuckOn
        case .stuckOff: self = .stuckOff
        case .deadWordLine: self = .deadWordLine
        case .deadBitLine: self = .deadBitLine
        case .adcOffset:
            let range = ConverterError.offsetRange
            guard range.contains(wire.offsetLsb), wire.offsetLsb != 0 else {
                throw FieldBounds.outOfRange("offset_lsb", "\(wire.offsetLsb)", "\(range), not 0")
            }
            self = .adcOffset(lsb: wire.offsetLsb)
        case .unspecified, .UNRECOGNIZED:
            throw .field("kind is \(wire.kind.rawValue); allowed: 1 … 5")
        }
    }
}

extension FaultCommand.Amount {
    fileprivate init(_ wire: WireSimulatedFault) throws(WireError) {
        let probability = try FieldBounds.number("probability", wire.probability, 0 ... 1)
        guard wire.count == 0 || probability == 0 else {
            throw .field(
                "count is \(wire.count) and probability \(probability); allowed: one of them")
        }
        if probability > 0 {
            self = .probability(probability)
        } else {
            self = .count(Int(clamping: wire.count))
        }
    }
}

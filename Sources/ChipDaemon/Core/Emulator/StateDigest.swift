internal import Checksum

/// A 128-bit digest (XXH3) over the stored causes: cells, matrices, references, power, the number of the
/// next changing event, faults where there are any. Two states with the same digest behave alike;
/// it reveals no conductance.
/// Clock, lease and sessions are left out: they move without the chip being changed.
package enum StateDigest {
    package static func of(_ tile: TileRecord) -> [UInt8] {
        let hash = XXH3()
        hash.update([UInt64(tile.tile)])
        hash.update(tile.conductances)
        hash.update(tile.pulses)
        hash.update(tile.instants)
        hash.update(tile.programmingInstants.map(\.microseconds))
        return hash.digest()
    }

    package static func of(_ state: ChipState) -> [UInt8] {
        let hash = XXH3()
        for (tile, digest) in state.tileDigests.enumerated() {
            guard let digest else { continue }
            hash.update([UInt64(tile)])
            hash.update(digest)
        }
        for id in state.matrices.keys.sorted() {
            guard let matrix = state.matrices[id] else { continue }
            let d = matrix.description
            hash.update([UInt64(id), UInt64(d.rows), UInt64(d.columns), UInt64(d.slices)])
            hash.update([UInt64(d.bitsPerSlice), UInt64(d.codeMax), UInt64(d.sensing.rawValue)])
            hash.update([d.fullScaleMicroamperes.bitPattern, d.mapping == .differential ? 1 : 0])
            hash.update([d.ltmMicrosiemens.bitPattern])
            hash.update(d.tiles.map { UInt64($0) })
            hash.update(Array(d.name.utf8) + [0] + Array(d.bank.utf8) + [0])
            hash.update(matrix.codes)
            hash.update(matrix.flags)
        }
        hash.update([state.counters.changeEventNext, state.counters.isPowered ? 1 : 0])
        if state.counters.fabricatedAs != 0 { hash.update([UInt64(state.counters.fabricatedAs)]) }
        hash.update([state.counters.gtmMicrosiemens.bitPattern])
        for record in state.faults.values.sorted(by: { $0.tile < $1.tile }) {
            hash.update([UInt64(record.tile), record.adcOffsetLSB.bitPattern])
            for list in [
                record.stuckOn, record.stuckOff, record.deadWordLines, record.deadBitLines,
            ] {
                hash.update([UInt64(list.count)] + list.map { UInt64($0) })
            }
        }
        return hash.digest()
    }
}

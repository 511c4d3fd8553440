internal import CXXHash

/// A 128-bit digest (XXH3) over the stored causes: cells, matrices, power, the number of the
/// next changing event. Two states with the same digest behave alike; it reveals no conductance.
/// Clock, lease and sessions are left out: they move without the chip being changed.
package enum StateDigest {
    package static func of(_ tile: TileRecord) -> [UInt8] {
        let hash = Hash()
        hash.add([UInt64(tile.tile)])
        hash.add(tile.conductances)
        hash.add(tile.pulses)
        hash.add(tile.instants)
        hash.add(tile.programmingInstants.map(\.microseconds))
        return hash.digest
    }

    package static func of(_ state: ChipState) -> [UInt8] {
        let hash = Hash()
        for (tile, digest) in state.tileDigests.enumerated() {
            guard let digest else { continue }
            hash.add([UInt64(tile)])
            hash.add(digest)
        }
        for id in state.matrices.keys.sorted() {
            guard let matrix = state.matrices[id] else { continue }
            let d = matrix.description
            hash.add([UInt64(id), UInt64(d.rows), UInt64(d.columns), UInt64(d.slices)])
            hash.add([UInt64(d.bitsPerSlice), UInt64(d.codeMax), UInt64(d.sensing.rawValue)])
            hash.add([d.fullScaleMicroamperes.bitPattern, d.mapping == .differential ? 1 : 0])
            hash.add(d.tiles.map { UInt64($0) })
            hash.add(Array(d.name.utf8) + [0] + Array(d.bank.utf8) + [0])
            hash.add(matrix.codes)
            hash.add(matrix.flags)
        }
        hash.add([state.counters.changeEventNext, state.counters.isPowered ? 1 : 0])
        return hash.digest
    }

    private struct Hash: ~Copyable {
        private let state: OpaquePointer

        init() {
            guard let state = XXH3_createState() else {
                preconditionFailure("no memory for a hash state")
            }
            self.state = state
            XXH3_128bits_reset(state)
        }

        deinit { XXH3_freeState(state) }

        borrowing func add<Element: BitwiseCopyable>(_ values: [Element]) {
            values.withUnsafeBytes { bytes in
                _ = XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
            }
        }

        var digest: [UInt8] {
            let value = XXH3_128bits_digest(state)
            return [value.high64, value.low64].flatMap { word in
                (0 ..< 8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
            }
        }
    }
}

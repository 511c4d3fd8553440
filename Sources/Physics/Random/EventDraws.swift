internal import CKernels

/// The draws of one event: a command's programming noise, or the read noise of a read or a
/// product. Events are numbered from 1; the chip never uses a number twice.
///
/// - Source: firmware-specs/device.md, event draws.
public struct EventDraws: Sendable, Hashable {
    public let serial: UInt32
    public let event: UInt64

    public init(serial: UInt32, event: UInt64) {
        precondition(event >= 1)
        self.serial = serial
        self.event = event
    }

    /// The draws of a later event of the same command.
    public func later(by events: Int) -> EventDraws {
        precondition(events >= 0)
        return EventDraws(serial: serial, event: event + UInt64(events))
    }

    /// Standard normals first, first + 1, … of the field's dense stream.
    public func normals(
        _ field: DrawField, first: UInt64, into out: UnsafeMutableBufferPointer<Float>
    ) {
        guard let base = out.baseAddress else { return }
        nvcim_normals(DrawKey(serial: serial, field: field).word, event, first, base, out.count)
    }

    public func normals(_ field: DrawField, first: UInt64, count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            normals(
                field, first: first, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            filled = count
        }
    }

    /// Four normals for each cell: entries 4k … 4k + 3 belong to `cells[k]`.
    package func cellNormals(_ field: DrawField, firstCell: UInt64, cells: [Int32]) -> [Float] {
        [Float](unsafeUninitializedCapacity: 4 * cells.count) { buffer, filled in
            if let base = buffer.baseAddress, !cells.isEmpty {
                nvcim_cell_normals(
                    DrawKey(serial: serial, field: field).word, event, firstCell, cells, base,
                    cells.count)
            }
            filled = 4 * cells.count
        }
    }
}

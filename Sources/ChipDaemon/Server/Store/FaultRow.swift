internal import ChipCore
internal import Foundation
internal import GRDB

/// The faults of a tile as a row of `faults`.
struct FaultRow {
    /// Cells stuck ON and OFF, dead word lines and bit lines.
    let lists: [Data]
    let checksum: Data

    init(_ record: FaultRecord) {
        lists = [
            record.stuckOn, record.stuckOff, record.deadWordLines, record.deadBitLines,
        ].map { BlobCoding.data(of: $0) }
        checksum = BlobChecksum.of(
            "faults \(record.tile)", lists + [BlobCoding.data(of: [record.adcOffsetLSB])])
    }

    /// `nil`: a list is no whole number of entries, or the checksum is not that of the row.
    static func record(_ row: Row) -> FaultRecord? {
        let lists = ["stuck_on", "stuck_off", "dead_word_lines", "dead_bit_lines"].compactMap {
            BlobCoding.array(of: UInt32.self, (row[$0] as Data)[...])
        }
        guard lists.count == 4 else { return nil }
        var record = FaultRecord(tile: row["tile"])
        record.stuckOn = lists[0]
        record.stuckOff = lists[1]
        record.deadWordLines = lists[2]
        record.deadBitLines = lists[3]
        record.adcOffsetLSB = row["adc_offset_lsb"]
        guard FaultRow(record).checksum == row["checksum"] as Data else { return nil }
        return record
    }
}

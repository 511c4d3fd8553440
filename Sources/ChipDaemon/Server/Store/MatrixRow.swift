internal import ChipCore
internal import Foundation
internal import GRDB
internal import Physics

/// A matrix as a row of `matrices`: one list of columns for writing, reading and the checksum.
struct MatrixRow {
    /// In the order of the table, without the checksum.
    let values: [any DatabaseValueConvertible]
    let checksum: Data

    init(_ record: MatrixRecord) {
        let matrix = record.description
        let bytesPerCode = BlobCoding.bytesPerCode(record.codes)
        let numbers: [Int64] = [
            Int64(matrix.id), Int64(matrix.rows), Int64(matrix.columns),
            matrix.mapping == .offset ? 2 : 1, Int64(matrix.sensing.rawValue),
            Int64(matrix.slices), Int64(matrix.bitsPerSlice), Int64(matrix.codeMax),
            Int64(matrix.weightsProgrammed), Int64(matrix.weightsUnverified),
            Int64(bytesPerCode),
        ]
        let tiles = BlobCoding.data(of: matrix.tiles.map { UInt32($0) })
        let codes = BlobCoding.codes(record.codes, bytesPerCode: bytesPerCode)
        let flags = Data(record.flags)
        values = [
            numbers[0], matrix.name, numbers[1], numbers[2], matrix.bank, numbers[3], numbers[4],
            numbers[5], numbers[6], numbers[7], matrix.fullScaleMicroamperes, numbers[8],
            numbers[9], matrix.ltmMicrosiemens, tiles, numbers[10], codes, flags,
        ]
        checksum = BlobChecksum.of(
            "matrix \(matrix.id)",
            [
                BlobCoding.data(of: numbers), Data(matrix.name.utf8), Data(matrix.bank.utf8),
                BlobCoding.data(of: [matrix.fullScaleMicroamperes, matrix.ltmMicrosiemens]), tiles,
                codes, flags,
            ])
    }

    /// `nil`: a column holds what cannot be, or the checksum is not that of the row.
    static func record(_ row: Row) -> MatrixRecord? {
        guard let id = UInt32(exactly: row["matrix"] as Int64),
            let sensing = UInt8(exactly: row["sensing"] as Int64).flatMap(Sensing.init(rawValue:)),
            let tiles = BlobCoding.array(of: UInt32.self, (row["tiles"] as Data)[...]),
            let codes = BlobCoding.codes(row["codes"], bytesPerCode: row["bytes_per_code"]),
            let mapping = [
                1: WeightEncoding.Mapping.differential, 2: .offset,
            ][row["mapping"] as Int]
        else { return nil }
        var description = MatrixDescription(
            id: id, name: row["name"], rows: row["rows"], columns: row["columns"],
            bank: row["bank"], mapping: mapping, sensing: sensing, slices: row["slices"],
            bitsPerSlice: row["bits_per_slice"], codeMax: row["code_max"],
            fullScaleMicroamperes: row["full_scale_ua"],
            weightsProgrammed: row["weights_programmed"],
            weightsUnverified: row["weights_unverified"], tiles: tiles.map(Int.init))
        description.ltmMicrosiemens = row["ltm_us"]
        let record = MatrixRecord(
            description: description, codes: codes, flags: [UInt8](row["flags"] as Data))
        guard MatrixRow(record).checksum == row["checksum"] as Data else { return nil }
        return record
    }
}

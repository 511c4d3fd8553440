internal import CKernels

/// Standard normals first, first + 1, … of a fabrication stream: event number 0, which no event
/// ever has.
func fabricationNormals(serial: UInt32, field: DrawField, first: UInt64, count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, filled in
        if let base = buffer.baseAddress, count > 0 {
            nvcim_normals(DrawKey(serial: serial, field: field).word, 0, first, base, count)
        }
        filled = count
    }
}

internal import CCompression

/// gzip and xz, told apart by their first bytes.
public enum Decompression {
    /// Most bytes that a data file may unfold to: a guard against a file that
    /// isn't data (chosen; CIFAR-10's batches have 30,730,000).
    public static let sizeBytesMax = 1 << 30

    /// `bytes` decompressed, or as they are when they carry neither mark.
    public static func plain(_ bytes: [UInt8], file: String) throws(DataError) -> [UInt8] {
        if bytes.starts(with: [0x1f, 0x8b]) { return try gunzip(bytes, file: file) }
        if bytes.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) {
            return try unxz(bytes, file: file)
        }
        return bytes
    }

    /// All members of a gzip file (RFC 1952).
    static func gunzip(_ bytes: [UInt8], file: String) throws(DataError) -> [UInt8] {
        var stream = z_stream()
        // 15-bit window, +16: gzip's header and checksum are required.
        guard
            inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
                == Z_OK
        else {
            throw .compression(file: file, format: "gzip", why: "no memory to decompress it")
        }
        defer { inflateEnd(&stream) }
        var input = bytes
        var output: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 18)
        var failure: String?
        input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            while failure == nil {
                let (status, count) = block.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    return (inflate(&stream, Z_NO_FLUSH), target.count - Int(stream.avail_out))
                }
                output.append(contentsOf: block[..<count])
                if output.count > sizeBytesMax {
                    failure = "more than \(sizeBytesMax) bytes"
                } else if status == Z_STREAM_END {
                    if stream.avail_in == 0 { break }
                    inflateReset(&stream)  // another member follows
                } else if status == Z_BUF_ERROR
                    || (status == Z_OK && stream.avail_in == 0 && count == 0)
                {
                    failure = "an end after \(bytes.count) bytes, in the middle of the stream"
                } else if status != Z_OK {
                    failure = "damage after \(output.count) bytes"
                }
            }
        }
        if let failure { throw .compression(file: file, format: "gzip", why: failure) }
        return output
    }

    /// All streams of an xz file.
    static func unxz(_ bytes: [UInt8], file: String) throws(DataError) -> [UInt8] {
        var stream = lzma_stream()
        let concatenated: UInt32 = 0x08  // LZMA_CONCATENATED, a macro that Swift doesn't see
        guard lzma_stream_decoder(&stream, UInt64.max, concatenated) == LZMA_OK else {
            throw .compression(file: file, format: "xz", why: "no memory to decompress it")
        }
        defer { lzma_end(&stream) }
        var output: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 18)
        var failure: String?
        bytes.withUnsafeBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = source.count
            while failure == nil {
                let (status, count) = block.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = target.count
                    return (lzma_code(&stream, LZMA_FINISH), target.count - stream.avail_out)
                }
                output.append(contentsOf: block[..<count])
                if output.count > sizeBytesMax {
                    failure = "more than \(sizeBytesMax) bytes"
                } else if status == LZMA_STREAM_END {
                    break
                } else if status == LZMA_BUF_ERROR {
                    failure = "an end after \(bytes.count) bytes, in the middle of the stream"
                } else if status != LZMA_OK {
                    failure = "damage after \(output.count) bytes"
                }
            }
        }
        if let failure { throw .compression(file: file, format: "xz", why: failure) }
        return output
    }
}

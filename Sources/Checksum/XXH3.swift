internal import CXXHash

/// The 128-bit XXH3 checksum, in its canonical byte order (most significant
/// first), so that stored values mean the same on every machine.
public final class XXH3 {
    private let state: OpaquePointer

    public init() {
        guard let state = XXH3_createState() else { preconditionFailure("out of memory") }
        XXH3_128bits_reset(state)
        self.state = state
    }

    deinit { XXH3_freeState(state) }

    public func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        XXH3_128bits_update(state, start, bytes.count)
    }

    /// The elements' bytes, in this machine's order: little-endian on every platform we build for.
    public func update<Element: BitwiseCopyable>(_ values: [Element]) {
        values.withUnsafeBytes { update($0) }
    }

    /// The length in 8 bytes, then the bytes: so that no two lists of parts have
    /// the same stream.
    public func update(part bytes: UnsafeRawBufferPointer) {
        let size = UInt64(bytes.count).littleEndian
        withUnsafeBytes(of: size) { update($0) }
        update(bytes)
    }

    public func update(part bytes: [UInt8]) { bytes.withUnsafeBytes { update(part: $0) } }

    /// 16 bytes over everything so far; more may follow.
    public func digest() -> [UInt8] { Self.canonical(XXH3_128bits_digest(state)) }

    public static func hash128(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        canonical(XXH3_128bits(bytes.baseAddress, bytes.count))
    }

    private static func canonical(_ hash: XXH128_hash_t) -> [UInt8] {
        var canonical = XXH128_canonical_t()
        XXH128_canonicalFromHash(&canonical, hash)
        return withUnsafeBytes(of: canonical) { [UInt8]($0) }
    }
}

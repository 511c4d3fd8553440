/// A window that slides over activation maps: the input buffer unrolls them into vectors.
///
/// Input i = (y·k_w + x)·C + c of the vector at place (o_y, o_x) is channel c of the map at
/// (o_y·s_h + y − p_h, o_x·s_w + x − p_w), code 0 outside the map. With the channel fastest, in maps
/// and in vectors, a row of the kernel is one run of bytes.
///
/// - Shape: maps [maps, height, width, channels]; vectors [maps × places, inputs]; places and inputs
///   row-major.
/// - Source: wire.md, multiply.
public struct InputWindow: Sendable, Hashable {
    /// Of one side of the window.
    public struct Side: Sendable, Hashable {
        public var size: Int
        public var kernel: Int
        public var stride: Int
        public var padding: Int

        /// - Precondition: the kernel fits into the padded side.
        public init(size: Int, kernel: Int, stride: Int, padding: Int) {
            precondition(size > 0 && kernel > 0 && stride > 0 && padding >= 0)
            precondition(kernel <= size + 2 * padding)
            self.size = size
            self.kernel = kernel
            self.stride = stride
            self.padding = padding
        }

        /// ⌊(size + 2·padding − kernel)/stride⌋ + 1.
        public var places: Int { (size + 2 * padding - kernel) / stride + 1 }
    }

    public var rows: Side
    public var columns: Side
    public var channels: Int

    public init(rows: Side, columns: Side, channels: Int) {
        precondition(channels > 0)
        self.rows = rows
        self.columns = columns
        self.channels = channels
    }

    /// Codes of one map.
    public var mapSize: Int { rows.size * columns.size * channels }
    /// Vectors of one map.
    public var places: Int { rows.places * columns.places }
    /// Codes of one vector.
    public var inputs: Int { rows.kernel * columns.kernel * channels }
}

extension InputWindow {
    /// A block of inputs of some vectors, vectors × block, row-major; codes are bytes.
    func unrolled<Code: FixedWidthInteger>(
        _ maps: [Code], _ vectors: Range<Int>, _ block: Range<Int>
    ) -> [Code] {
        precondition(MemoryLayout<Code>.size == 1)
        var unrolled = [Code](repeating: 0, count: vectors.count * block.count)
        unrolled.withUnsafeMutableBytes { to in
            maps.withUnsafeBytes { from in
                guard var to = to.baseAddress, let from = from.baseAddress else { return }
                let (firstMap, place) = vectors.lowerBound.quotientAndRemainder(dividingBy: places)
                var map = firstMap
                var (row, column) = place.quotientAndRemainder(dividingBy: columns.places)
                for _ in vectors {
                    copy(block, row: row, column: column, from: from + map * mapSize, to: to)
                    to += block.count
                    column += 1
                    if column == columns.places { (row, column) = (row + 1, 0) }
                    if row == rows.places { (map, row) = (map + 1, 0) }
                }
            }
        }
        return unrolled
    }

    /// The inputs of a block that lie inside the map, at one place.
    @inline(__always)
    private func copy(
        _ block: Range<Int>, row: Int, column: Int, from map: UnsafeRawPointer,
        to vector: UnsafeMutableRawPointer
    ) {
        let run = columns.kernel * channels
        let width = columns.size * channels
        let top = row * rows.stride - rows.padding
        let left = (column * columns.stride - columns.padding) * channels
        // The part of each row of the kernel that lies inside the map.
        let (inside, outside) = (max(0, -left), min(run, width - left))
        for kernelRow in block.lowerBound / run ... (block.upperBound - 1) / run {
            let y = top + kernelRow
            guard y >= 0, y < rows.size else { continue }
            let start = kernelRow * run - block.lowerBound
            let first = max(inside, -start)
            let end = min(outside, block.count - start)
            guard first < end else { continue }
            (vector + start + first).copyRun(from: map + y * width + left + first, end - first)
        }
    }
}

extension UnsafeMutableRawPointer {
    /// Runs are mostly a few bytes long: a call of memcpy for each would cost more than the bytes.
    @inline(__always)
    fileprivate func copyRun(from source: UnsafeRawPointer, _ count: Int) {
        if count > 64 { return copyMemory(from: source, byteCount: count) }
        var at = 0
        while at + 8 <= count {
            storeBytes(
                of: source.loadUnaligned(fromByteOffset: at, as: UInt64.self), toByteOffset: at,
                as: UInt64.self)
            at += 8
        }
        while at < count {
            storeBytes(
                of: source.load(fromByteOffset: at, as: UInt8.self), toByteOffset: at,
                as: UInt8.self)
            at += 1
        }
    }
}

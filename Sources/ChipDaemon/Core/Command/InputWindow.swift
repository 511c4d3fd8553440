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
    /// A block of inputs of some vectors, vectors × block, row-major.
    func unrolled<Code: FixedWidthInteger>(
        _ maps: [Code], _ vectors: Range<Int>, _ block: Range<Int>
    ) -> [Code] {
        var unrolled = [Code](repeating: 0, count: vectors.count * block.count)
        unrolled.withUnsafeMutableBufferPointer { to in
            maps.withUnsafeBufferPointer { from in
                guard let to = to.baseAddress, let from = from.baseAddress else { return }
                for (index, vector) in vectors.enumerated() {
                    let (map, place) = vector.quotientAndRemainder(dividingBy: places)
                    copy(
                        block, at: place.quotientAndRemainder(dividingBy: columns.places),
                        from: from + map * mapSize, to: to + index * block.count)
                }
            }
        }
        return unrolled
    }

    /// The inputs of a block that lie inside the map, at one place.
    @inline(__always)
    private func copy<Code>(
        _ block: Range<Int>, at place: (quotient: Int, remainder: Int),
        from map: UnsafePointer<Code>, to vector: UnsafeMutablePointer<Code>
    ) {
        let run = columns.kernel * channels
        let top = place.quotient * rows.stride - rows.padding
        let left = (place.remainder * columns.stride - columns.padding) * channels
        // The part of each row of the kernel that lies inside the map.
        let inside = max(0, -left) ..< max(0, -left, min(run, columns.size * channels - left))
        for row in block.lowerBound / run ... (block.upperBound - 1) / run {
            let y = top + row
            guard y >= 0, y < rows.size else { continue }
            let first = max(inside.lowerBound, block.lowerBound - row * run)
            let end = min(inside.upperBound, block.upperBound - row * run)
            guard first < end else { continue }
            (vector + (row * run + first - block.lowerBound)).update(
                from: map + (y * columns.size * channels + left + first), count: end - first)
        }
    }
}

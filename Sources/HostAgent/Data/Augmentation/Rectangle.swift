/// A square or rectangle of an image that may reach beyond its edge: only what lies inside counts.
struct Rectangle: Hashable {
    let rows: Range<Int>
    let columns: Range<Int>

    /// `height` × `width` about a centre drawn from all pixels of an image: from centre − ⌊side/2⌋,
    /// cut at the edges.
    init(
        height: Int, width: Int, inHeight imageHeight: Int, width imageWidth: Int,
        random: inout RandomStream
    ) {
        func cut(_ side: Int, _ centre: Int, _ limit: Int) -> Range<Int> {
            let start = centre - side / 2
            let low = min(max(start, 0), limit)
            return low ..< max(low, min(start + side, limit))
        }
        rows = cut(height, Int.random(in: 0 ..< imageHeight, using: &random), imageHeight)
        columns = cut(width, Int.random(in: 0 ..< imageWidth, using: &random), imageWidth)
    }

    var area: Int { rows.count * columns.count }

    /// A plane [height, width] of 1 with 0 inside the rectangle.
    func mask(height: Int, width: Int) -> [Float] {
        var mask = [Float](repeating: 1, count: height * width)
        for row in rows {
            for column in columns { mask[row * width + column] = 0 }
        }
        return mask
    }
}

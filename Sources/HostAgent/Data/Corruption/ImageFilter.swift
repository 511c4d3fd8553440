internal import Glibc

/// A sum of moved images: y[r, c] = Σ_t weight_t · x[r + row_t, c + column_t].
package struct ImageFilter: Sendable {
    package struct Tap: Hashable, Sendable {
        package var row: Int
        package var column: Int
        package var weight: Double
    }

    package private(set) var taps: [Tap]

    /// Scaled so that the weights sum to 1; taps of one place are joined.
    package init(_ taps: [Tap]) {
        var weights: [SIMD2<Int>: Double] = [:]
        for tap in taps { weights[SIMD2(tap.row, tap.column), default: 0] += tap.weight }
        let sum = taps.reduce(0) { $0 + $1.weight }
        precondition(sum > 0)
        self.taps = weights.map { Tap(row: $0.key[0], column: $0.key[1], weight: $0.value / sum) }
            .sorted { ($0.row, $0.column) < ($1.row, $1.column) }
    }

    package func callAsFunction(_ image: ImagePlanes, edge: ImageEdge) -> ImagePlanes {
        var sums = [Float](repeating: 0, count: image.values.count)
        for tap in taps {
            let weight = Float(tap.weight)
            let columns = (0 ..< image.width).map { edge.place($0 + tap.column, of: image.width) }
            for channel in 0 ..< image.channels {
                for row in 0 ..< image.height {
                    let from =
                        (channel * image.height + edge.place(row + tap.row, of: image.height))
                        * image.width
                    let to = (channel * image.height + row) * image.width
                    for (column, source) in columns.enumerated() {
                        sums[to + column] += weight * image.values[from + source]
                    }
                }
            }
        }
        return image.with(sums)
    }

    /// exp(−d²/2σ²) at d = −r … r pixels, r = ⌊truncate·σ + ½⌋; one tap for σ = 0.
    package static func gaussianWeights(sigma: Double, truncate: Double) -> [(Int, Double)] {
        let radius = Int(truncate * sigma + 0.5)
        guard radius > 0 else { return [(0, 1)] }
        return (-radius ... radius).map { ($0, exp(-Double($0 * $0) / (2 * sigma * sigma))) }
    }
}

extension ImagePlanes {
    /// Smoothed by a Gaussian of σ pixels, cut off at `truncate`·σ: columns, then rows.
    package func smoothed(sigma: Double, truncate: Double, edge: ImageEdge) -> ImagePlanes {
        let weights = ImageFilter.gaussianWeights(sigma: sigma, truncate: truncate)
        if weights.count == 1 { return self }
        let down = ImageFilter(weights.map { .init(row: $0, column: 0, weight: $1) })
        let across = ImageFilter(weights.map { .init(row: 0, column: $0, weight: $1) })
        return across(down(self, edge: edge), edge: edge)
    }

    /// Pixel (r, c) of the result is this image at `place(r, c)`, interpolated linearly between
    /// its four neighbours; neighbours beyond the edge are what `edge` says.
    package func resampled(
        edge: ImageEdge, at place: (_ row: Int, _ column: Int) -> (row: Double, column: Double)
    ) -> ImagePlanes {
        var result = self
        for row in 0 ..< height {
            for column in 0 ..< width {
                let source = place(row, column)
                let (top, left) = (source.row.rounded(.down), source.column.rounded(.down))
                let down = Float(source.row - top), across = Float(source.column - left)
                let r0 = edge.place(Int(top), of: height), r1 = edge.place(Int(top) + 1, of: height)
                let c0 = edge.place(Int(left), of: width), c1 = edge.place(Int(left) + 1, of: width)
                for channel in 0 ..< channels {
                    let upper =
                        self[channel, r0, c0] * (1 - across) + self[channel, r0, c1] * across
                    let lower =
                        self[channel, r1, c0] * (1 - across) + self[channel, r1, c1] * across
                    result[channel, row, column] = upper * (1 - down) + lower * down
                }
            }
        }
        return result
    }
}

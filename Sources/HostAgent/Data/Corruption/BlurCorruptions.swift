internal import Glibc

/// Blurs by fixed or drawn filters.
enum BlurCorruptions {
    /// A Gaussian of σ pixels, cut off at 4σ, the edge repeated.
    static func gaussian(_ image: ImagePlanes, sigma: Double) -> ImagePlanes {
        image.smoothed(sigma: sigma, truncate: 4, edge: .repeated)
    }

    /// A lens out of focus: the pixels within `radius`, as heavy, smoothed by a 3 × 3 Gaussian of
    /// `sigma`; the edge mirrored.
    static func defocus(_ image: ImagePlanes, radius: Double, sigma: Double) -> ImagePlanes {
        defocusFilter(radius: radius, sigma: sigma)(image, edge: .mirrored)
    }

    static func defocusFilter(radius: Double, sigma: Double) -> ImageFilter {
        // The 3 × 3 Gaussian's share of a neighbour in one direction.
        let share = exp(-1 / (2 * sigma * sigma))
        let reach = Int(radius)
        var taps: [ImageFilter.Tap] = []
        for row in -reach ... reach {
            for column in -reach ... reach {
                if Double(row * row + column * column) > radius * radius { continue }
                for down in -1 ... 1 {
                    for across in -1 ... 1 {
                        let weight = (down == 0 ? 1 : share) * (across == 0 ? 1 : share)
                        taps.append(.init(row: row + down, column: column + across, weight: weight))
                    }
                }
            }
        }
        return ImageFilter(taps)
    }

    /// A camera that moved in one direction θ, drawn from ±45°: the pixels at 0 … 2·radius along
    /// it, each taken from the nearest place of the grid, weighted by exp(−i²/2σ²); the edge
    /// repeated. The half Gaussian is that of ImageMagick, with which CIFAR-10-C was made.
    static func motion(
        _ image: ImagePlanes, radius: Int, sigma: Double, random: inout RandomStream
    ) -> ImagePlanes {
        let angle = random.uniform(-.pi / 4 ..< .pi / 4)
        let taps = (0 ... 2 * radius).map { i in
            ImageFilter.Tap(
                row: Int((Double(i) * sin(angle)).rounded()),
                column: Int((Double(i) * cos(angle)).rounded()),
                weight: exp(-Double(i * i) / (2 * sigma * sigma)))
        }
        return ImageFilter(taps)(image, edge: .repeated)
    }

    /// The mean of the image and its zooms 1.00, 1.01, … below `limit`, each about the centre.
    static func zoom(_ image: ImagePlanes, limit: Double) -> ImagePlanes {
        let count = Int(((limit - 1) * 100).rounded())
        var sums = image.values
        let middle = (Double(image.height - 1) / 2, Double(image.width - 1) / 2)
        for step in 0 ..< count {
            let zoom = 1 + Double(step) / 100
            let zoomed = image.resampled(edge: .repeated) { row, column in
                (
                    middle.0 + (Double(row) - middle.0) / zoom,
                    middle.1 + (Double(column) - middle.1) / zoom
                )
            }
            for (index, value) in zoomed.values.enumerated() { sums[index] += value }
        }
        return image.with(sums.map { $0 / Float(count + 1) })
    }

    /// Frosted glass: smoothed; then, `passes` times, each pixel becomes the one that lies a drawn
    /// number −shift … shift − 1 of rows and of columns away, the edge repeated; smoothed again.
    ///
    /// CIFAR-10-C's script means to exchange pixels, but its exchange copies, so that this is what
    /// its files hold.
    static func glass(
        _ image: ImagePlanes, sigma: Double, shift: Int, passes: Int, random: inout RandomStream
    ) -> ImagePlanes {
        var shuffled = gaussian(image, sigma: sigma)
        for _ in 0 ..< passes {
            let before = shuffled
            for row in 0 ..< image.height {
                for column in 0 ..< image.width {
                    let sourceRow = ImageEdge.repeated.place(
                        row + Int.random(in: -shift ..< shift, using: &random), of: image.height)
                    let sourceColumn = ImageEdge.repeated.place(
                        column + Int.random(in: -shift ..< shift, using: &random), of: image.width)
                    for channel in 0 ..< image.channels {
                        shuffled[channel, row, column] = before[channel, sourceRow, sourceColumn]
                    }
                }
            }
        }
        return gaussian(shuffled, sigma: sigma)
    }
}

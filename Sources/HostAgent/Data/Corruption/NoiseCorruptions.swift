/// Noise of each sample (pixel and channel) for itself. Results are not clipped here.
enum NoiseCorruptions {
    /// x + σ·n, n ~ N(0, 1).
    static func gaussian(
        _ image: ImagePlanes, sigma: Double, random: inout RandomStream
    ) -> ImagePlanes {
        image.map { $0 + Float(sigma * random.normal()) }
    }

    /// Poisson(c·x)/c: the counts of c photons for white; mean x, variance x/c.
    static func shot(
        _ image: ImagePlanes, photons: Double, random: inout RandomStream
    ) -> ImagePlanes {
        image.map { Float(Double(random.poisson(mean: photons * Double($0))) / photons) }
    }

    /// A share p of all samples becomes 0 or 1, as likely.
    static func impulse(
        _ image: ImagePlanes, share: Double, random: inout RandomStream
    ) -> ImagePlanes {
        image.map { value in
            let draw = random.uniform()
            return draw < share / 2 ? 0 : draw < share ? 1 : value
        }
    }

    /// x·(1 + σ·n), n ~ N(0, 1).
    static func speckle(
        _ image: ImagePlanes, sigma: Double, random: inout RandomStream
    ) -> ImagePlanes {
        image.map { $0 * Float(1 + sigma * random.normal()) }
    }
}

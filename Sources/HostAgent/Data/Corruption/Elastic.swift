/// A sheet of rubber: three points of the image are moved at random and the image follows them by
/// an affine map; then each pixel is moved by a smooth random field of its own.
enum Elastic {
    /// - Parameters: in units of the shorter side s: `amplitude` α of the field, its smoothing
    ///   `sigma` σ, `shift` β of the points.
    ///
    /// The points are the centre and, with a = ⌊s/3⌋, (+a, +a), (+a, −a), (−a, −a) from it; each
    /// coordinate moves by U(−βs, βs). The field is αs·G_σs(U(−1, 1)), the Gaussian cut off at 3σ.
    /// Linear interpolation, the edge mirrored, both times.
    ///
    /// - Source: Simard, Steinkraus, Platt 2003 for the field; CIFAR-10-C for the parameters.
    static func corrupt(
        _ image: ImagePlanes, amplitude: Double, sigma: Double, shift: Double,
        random: inout RandomStream
    ) -> ImagePlanes {
        let side = Double(min(image.height, image.width))
        let map = affineMap(image, shift: shift * side, random: &random)
        let moved = image.resampled(edge: .mirrored) { map(Double($0), Double($1)) }
        let across = field(image, amplitude * side, sigma * side, &random)
        let down = field(image, amplitude * side, sigma * side, &random)
        return moved.resampled(edge: .mirrored) { row, column in
            let index = row * image.width + column
            return (Double(row) + Double(down[index]), Double(column) + Double(across[index]))
        }
    }

    private static func field(
        _ image: ImagePlanes, _ amplitude: Double, _ sigma: Double, _ random: inout RandomStream
    ) -> [Float] {
        let draws = (0 ..< image.planeCount).map { _ in Float(random.uniform(-1 ..< 1)) }
        let plane = ImagePlanes(
            channels: 1, height: image.height, width: image.width, values: draws)
        return plane.smoothed(sigma: sigma, truncate: 3, edge: .mirrored).values
            .map { $0 * Float(amplitude) }
    }

    /// From a place of the result to a place of the image: the affine map that takes the moved
    /// points back.
    private static func affineMap(
        _ image: ImagePlanes, shift: Double, random: inout RandomStream
    ) -> (Double, Double) -> (row: Double, column: Double) {
        let centre = SIMD2(Double(image.height / 2), Double(image.width / 2))
        let a = Double(min(image.height, image.width) / 3)
        let points = [
            centre + SIMD2(a, a), centre + SIMD2(-a, a), centre + SIMD2(-a, -a),
        ]
        let moved = points.map { point in
            shift == 0
                ? point
                : point
                    + SIMD2(random.uniform(-shift ..< shift), random.uniform(-shift ..< shift))
        }
        // In the moved frame a place is moved[0] + u·e + v·f; it comes from the same u and v.
        let e = moved[1] - moved[0], f = moved[2] - moved[0]
        let from = (points[1] - points[0], points[2] - points[0])
        let determinant = e[0] * f[1] - e[1] * f[0]
        precondition(determinant != 0)
        return { row, column in
            let d = SIMD2(row, column) - moved[0]
            let u = (d[0] * f[1] - d[1] * f[0]) / determinant
            let v = (e[0] * d[1] - e[1] * d[0]) / determinant
            let place = points[0] + u * from.0 + v * from.1
            return (place[0], place[1])
        }
    }
}

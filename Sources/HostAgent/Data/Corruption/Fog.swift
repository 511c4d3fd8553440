/// Fog of uneven density.
package enum Fog {
    /// (x + c·plasma)·m/(m + c), m the image's largest value; the plasma is the same in all
    /// channels.
    static func corrupt(
        _ image: ImagePlanes, strength: Double, decay: Double, random: inout RandomStream
    ) -> ImagePlanes {
        var side = 1
        while side < max(image.height, image.width) { side *= 2 }
        let plasma = plasma(side: side, decay: decay, random: &random)
        let largest = image.values.max() ?? 0
        let scale = largest / (largest + Float(strength))
        var result = image
        for channel in 0 ..< image.channels {
            for row in 0 ..< image.height {
                for column in 0 ..< image.width {
                    let fog = Float(strength * plasma[row * side + column])
                    result[channel, row, column] = (image[channel, row, column] + fog) * scale
                }
            }
        }
        return result
    }

    /// A height map 0 … 1 on a torus of side × side points by the diamond–square rule: the middle
    /// of four known points is their mean plus w·U(−w, w), w = 100 at first and divided by `decay`
    /// for each halving of the distance. Scaled to fill 0 … 1.
    ///
    /// The displacement is w·U(−w, w), not U(−w, w), as in CIFAR-10-C's own fog: it falls with
    /// the square of `decay`.
    ///
    /// - Precondition: `side` is a power of two, at least 2.
    /// - Source: Fournier, Fussell, Carpenter 1982, "Computer rendering of stochastic models".
    package static func plasma(side: Int, decay: Double, random: inout RandomStream) -> [Double] {
        precondition(side >= 2 && side & (side - 1) == 0)
        var map = [Double](repeating: 0, count: side * side)
        func index(_ row: Int, _ column: Int) -> Int {
            (row & (side - 1)) * side + (column & (side - 1))
        }
        var wobble = 100.0
        var step = side
        while step >= 2 {
            let half = step / 2
            func middle(_ row: Int, _ column: Int, _ offsets: [(Int, Int)]) {
                let sum = offsets.reduce(0) { $0 + map[index(row + $1.0, column + $1.1)] }
                map[index(row, column)] = sum / 4 + wobble * random.uniform(-wobble ..< wobble)
            }
            let corners = [(-half, -half), (-half, half), (half, -half), (half, half)]
            let sides = [(-half, 0), (half, 0), (0, -half), (0, half)]
            for row in stride(from: 0, to: side, by: step) {
                for column in stride(from: 0, to: side, by: step) {
                    middle(row + half, column + half, corners)
                }
            }
            for row in stride(from: 0, to: side, by: step) {
                for column in stride(from: 0, to: side, by: step) {
                    middle(row, column + half, sides)
                    middle(row + half, column, sides)
                }
            }
            step = half
            wobble /= decay
        }
        let lowest = map.min() ?? 0
        let span = (map.max() ?? 0) - lowest
        return map.map { ($0 - lowest) / span }
    }
}

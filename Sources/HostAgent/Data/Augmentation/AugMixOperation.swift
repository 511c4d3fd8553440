internal import Glibc

/// The operations of AugMix: those of AutoAugment that are none of the test corruptions.
///
/// Strength ℓ is drawn from U(0.1, severity) of 10; s is the image's side and a sign is drawn.
///
/// | operation           | what it does                                                    |
/// |---------------------|------------------------------------------------------------------|
/// | autocontrast        | each channel stretched to 0 … 255                                 |
/// | equalise            | each channel's histogram made flat                                |
/// | posterise           | 4 − ⌊4ℓ/10⌋ bits a sample                                         |
/// | solarise            | samples from 256 − ⌊256ℓ/10⌋ on are inverted                      |
/// | rotate              | by ±⌊30ℓ/10⌋ degrees about the centre                             |
/// | shear x, shear y    | by ±0.3ℓ/10                                                       |
/// | translate x, y      | by ±⌊(s/3)ℓ/10⌋ pixels                                            |
///
/// The first four work on 8 bits, as Pillow's operations of these names; the last five interpolate
/// linearly, and what comes from outside the image is black.
///
/// Source: Hendrycks et al. 2020 with the authors' ranges; Cubuk et al. 2019 (AutoAugment).
package enum AugMixOperation: CaseIterable, Sendable {
    case autocontrast, equalise, posterise, solarise
    case rotate, shearX, shearY, translateX, translateY

    func callAsFunction(
        _ image: ImagePlanes, severity: Double, random: inout RandomStream
    ) -> ImagePlanes {
        let strength = random.uniform(0.1 ..< severity) / 10
        let sign = Bool.random(using: &random) ? 1.0 : -1.0
        let side = Double(min(image.height, image.width))
        let shift = sign * (side / 3 * strength).rounded(.down)
        let shear = sign * 0.3 * strength
        switch self {
        case .autocontrast: return Self.autocontrast(image)
        case .equalise: return Self.equalise(image)
        case .posterise: return Self.posterise(image, bits: 4 - Int(4 * strength))
        case .solarise: return Self.solarise(image, from: 256 - Int(256 * strength))
        case .rotate:
            return Self.moved(image, by: .rotation(degrees: sign * (30 * strength).rounded(.down)))
        case .shearX: return Self.moved(image, by: .init(columnFromRow: shear))
        case .shearY: return Self.moved(image, by: .init(rowFromColumn: shear))
        case .translateX: return Self.moved(image, by: .init(columnShift: shift))
        case .translateY: return Self.moved(image, by: .init(rowShift: shift))
        }
    }
}

// MARK: - On 8 bits

extension AugMixOperation {
    /// (v − low)·255/(high − low), the fraction dropped; a channel of one value stays.
    package static func autocontrast(_ image: ImagePlanes) -> ImagePlanes {
        mapChannels(image) { channel in
            guard let low = channel.min(), let high = channel.max(), low < high else { return nil }
            let scale = 255 / Double(high - low)
            let offset = -Double(low) * scale
            return { UInt8(min(max(Double($0) * scale + offset, 0), 255)) }
        }
    }

    /// v becomes ⌊(half a step + number of samples below v)/step⌋, step = ⌊(number of samples −
    /// that of the largest value)/255⌋; a channel whose step is 0 stays.
    package static func equalise(_ image: ImagePlanes) -> ImagePlanes {
        mapChannels(image) { channel in
            var histogram = [Int](repeating: 0, count: 256)
            for value in channel { histogram[Int(value)] += 1 }
            guard let last = histogram.last(where: { $0 > 0 }) else { return nil }
            let step = (channel.count - last) / 255
            guard step > 0 else { return nil }
            var below = step / 2
            let table = histogram.map { count in
                defer { below += count }
                return UInt8(min(below / step, 255))
            }
            return { table[Int($0)] }
        }
    }

    /// The `bits` highest bits of each sample are kept.
    package static func posterise(_ image: ImagePlanes, bits: Int) -> ImagePlanes {
        precondition((1 ... 8).contains(bits))
        let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - bits))
        return mapChannels(image) { _ in { $0 & mask } }
    }

    /// Samples from `threshold` on become 255 − v.
    package static func solarise(_ image: ImagePlanes, from threshold: Int) -> ImagePlanes {
        mapChannels(image) { _ in { Int($0) < threshold ? $0 : 255 - $0 } }
    }

    /// `rule` sees a channel and gives what becomes of each value; nil: nothing.
    private static func mapChannels(
        _ image: ImagePlanes, _ rule: (ArraySlice<UInt8>) -> ((UInt8) -> UInt8)?
    ) -> ImagePlanes {
        let bytes = image.bytes
        var result = image
        for channel in 0 ..< image.channels {
            let range = channel * image.planeCount ..< (channel + 1) * image.planeCount
            guard let change = rule(bytes[range]) else { continue }
            for index in range { result.values[index] = Float(change(bytes[index])) / 255 }
        }
        return result
    }
}

// MARK: - In the plane

extension AugMixOperation {
    /// Where a pixel of the result comes from, measured between pixels' corners:
    /// column' = a·column + b·row + shift, row' alike.
    package struct Move: Sendable {
        var columnFromColumn = 1.0
        var columnFromRow = 0.0
        var columnShift = 0.0
        var rowFromColumn = 0.0
        var rowFromRow = 1.0
        var rowShift = 0.0
        /// Whether rows and columns are counted from the middle of the image.
        var isCentred = false

        package init(
            columnFromRow: Double = 0, columnShift: Double = 0, rowFromColumn: Double = 0,
            rowShift: Double = 0
        ) {
            self.columnFromRow = columnFromRow
            self.columnShift = columnShift
            self.rowFromColumn = rowFromColumn
            self.rowShift = rowShift
        }

        /// Anticlockwise as one sees the image.
        package static func rotation(degrees: Double) -> Move {
            let angle = -degrees * .pi / 180
            var move = Move(columnFromRow: sin(angle), rowFromColumn: -sin(angle))
            (move.columnFromColumn, move.rowFromRow) = (cos(angle), cos(angle))
            move.isCentred = true
            return move
        }
    }

    /// Pixels whose source lies outside the image are black; inside, half a pixel from the edge,
    /// the edge is repeated.
    package static func moved(_ image: ImagePlanes, by move: Move) -> ImagePlanes {
        let (height, width) = (Double(image.height), Double(image.width))
        let middle = move.isCentred ? (height / 2, width / 2) : (0, 0)
        func source(_ row: Int, _ column: Int) -> (row: Double, column: Double) {
            let r = Double(row) + 0.5 - middle.0, c = Double(column) + 0.5 - middle.1
            return (
                move.rowFromColumn * c + move.rowFromRow * r + move.rowShift + middle.0,
                move.columnFromColumn * c + move.columnFromRow * r + move.columnShift + middle.1
            )
        }
        var result = image.resampled(edge: .repeated) { row, column in
            let place = source(row, column)
            return (place.row - 0.5, place.column - 0.5)
        }
        for row in 0 ..< image.height {
            for column in 0 ..< image.width {
                let place = source(row, column)
                if (0 ..< height).contains(place.row), (0 ..< width).contains(place.column) {
                    continue
                }
                for channel in 0 ..< image.channels { result[channel, row, column] = 0 }
            }
        }
        return result
    }
}

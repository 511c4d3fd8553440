/// One image as Swift's numbers: its planes behind each other, each row-major, 0 … 1.
package struct ImagePlanes: Hashable, Sendable {
    package let channels: Int
    package let height: Int
    package let width: Int
    /// [channels, height, width].
    package var values: [Float]

    /// - Precondition: as many values as the shape has.
    package init(channels: Int, height: Int, width: Int, values: [Float]) {
        precondition(values.count == channels * height * width)
        self.channels = channels
        self.height = height
        self.width = width
        self.values = values
    }

    /// Stored pixels, of which `pixelMax` means 1. `shape` is channels, height, width.
    package init(bytes: some Collection<UInt8>, shape: [Int], pixelMax: Int) {
        self.init(
            channels: shape[0], height: shape[1], width: shape[2],
            values: bytes.map { Float($0) / Float(pixelMax) })
    }

    package var planeCount: Int { height * width }

    package subscript(channel: Int, row: Int, column: Int) -> Float {
        get { values[(channel * height + row) * width + column] }
        set { values[(channel * height + row) * width + column] = newValue }
    }

    package func with(_ values: [Float]) -> ImagePlanes {
        ImagePlanes(channels: channels, height: height, width: width, values: values)
    }

    package func map(_ body: (Float) throws -> Float) rethrows -> ImagePlanes {
        with(try values.map(body))
    }

    /// 8 bits: cut to 0 … 1, times 255, to the nearest.
    package var bytes: [UInt8] {
        values.map { UInt8((min(max($0, 0), 1) * 255).rounded()) }
    }
}

/// What stands beyond the edge of an image.
package enum ImageEdge: Sendable {
    /// The pixel at the edge: a a | a b c | c c.
    case repeated
    /// The image mirrored at the middle of that pixel: c b | a b c | b a.
    case mirrored

    /// Where index `i`, inside or not, is found in 0 ..< count.
    package func place(_ i: Int, of count: Int) -> Int {
        switch self {
        case .repeated: return min(max(i, 0), count - 1)
        case .mirrored:
            if count == 1 { return 0 }
            let period = 2 * (count - 1)
            let inPeriod = ((i % period) + period) % period
            return min(inPeriod, period - inPeriod)
        }
    }
}

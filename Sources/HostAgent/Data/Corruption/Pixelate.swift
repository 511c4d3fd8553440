/// Fewer, larger pixels.
enum Pixelate {
    /// Resized to ⌊c·side⌋ by means of boxes and back.
    static func corrupt(_ image: ImagePlanes, factor: Double) -> ImagePlanes {
        let small = resized(
            image, height: Int(Double(image.height) * factor),
            width: Int(Double(image.width) * factor))
        return resized(small, height: image.height, width: image.width)
    }

    /// The mean of the source pixels whose centres lie in the new pixel's box, rows first, rounded
    /// to 8 bits after each direction, as Pillow's box filter does. Where the image grows, the
    /// pixel that the new centre falls into.
    static func resized(_ image: ImagePlanes, height: Int, width: Int) -> ImagePlanes {
        let across = boxes(from: image.width, to: width)
        let down = boxes(from: image.height, to: height)
        var wide = ImagePlanes(
            channels: image.channels, height: image.height, width: width,
            values: [Float](repeating: 0, count: image.channels * image.height * width))
        for channel in 0 ..< image.channels {
            for row in 0 ..< image.height {
                for (column, box) in across.enumerated() {
                    wide[channel, row, column] = mean(box) { image[channel, row, $0] }
                }
            }
        }
        var result = ImagePlanes(
            channels: image.channels, height: height, width: width,
            values: [Float](repeating: 0, count: image.channels * height * width))
        for channel in 0 ..< image.channels {
            for (row, box) in down.enumerated() {
                for column in 0 ..< width {
                    result[channel, row, column] = mean(box) { wide[channel, $0, column] }
                }
            }
        }
        return result
    }

    /// The source pixels of each new pixel.
    private static func boxes(from count: Int, to newCount: Int) -> [Range<Int>] {
        let scale = Double(count) / Double(newCount)
        let reach = max(scale, 1) / 2
        return (0 ..< newCount).map { index in
            let centre = (Double(index) + 0.5) * scale
            let inside = (0 ..< count).filter {
                let distance = Double($0) + 0.5 - centre
                return distance > -reach && distance <= reach
            }
            return inside[0] ..< inside[0] + inside.count
        }
    }

    private static func mean(_ box: Range<Int>, _ value: (Int) -> Float) -> Float {
        let sum = box.reduce(0) { $0 + (value($1) * 255).rounded() }
        return (sum / Float(box.count)).rounded() / 255
    }
}

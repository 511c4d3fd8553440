/// A colour by hue, saturation and value, each 0 … 1.
///
///     v = max(r, g, b)     s = (v − min)/v     h = (0, 2 or 4 + (difference of the other two)/(v − min))/6
///
/// - Edge cases: grey has s = 0 and h = 0.
/// - Source: Smith 1978, "Color gamut transform pairs".
package struct HSV: Hashable, Sendable {
    package var hue: Float
    package var saturation: Float
    package var value: Float

    package init(red: Float, green: Float, blue: Float) {
        value = max(red, green, blue)
        let span = value - min(red, green, blue)
        saturation = value > 0 ? span / value : 0
        if span == 0 {
            hue = 0
        } else if value == red {
            hue = (green - blue) / span
        } else if value == green {
            hue = 2 + (blue - red) / span
        } else {
            hue = 4 + (red - green) / span
        }
        hue = (hue < 0 ? hue + 6 : hue) / 6
    }

    package var rgb: (red: Float, green: Float, blue: Float) {
        let sixth = (hue * 6).rounded(.down)
        let fraction = hue * 6 - sixth
        let low = value * (1 - saturation)
        let falling = value * (1 - saturation * fraction)
        let rising = value * (1 - saturation * (1 - fraction))
        return switch Int(sixth) % 6 {
        case 0: (value, rising, low)
        case 1: (falling, value, low)
        case 2: (low, value, rising)
        case 3: (low, falling, value)
        case 4: (rising, low, value)
        default: (value, low, falling)
        }
    }
}

enum ColourCorruptions {
    /// `amount` added to V of each pixel, cut to 0 … 1; of a grey image to the pixel itself.
    static func brightness(_ image: ImagePlanes, amount: Float) -> ImagePlanes {
        guard image.channels == 3 else { return image.map { $0 + amount } }
        return mapColours(image) { $0.value = min(max($0.value + amount, 0), 1) }
    }

    /// S·factor + offset of each pixel, cut to 0 … 1.
    ///
    /// - Precondition: the image has three channels.
    static func saturate(_ image: ImagePlanes, factor: Float, offset: Float) -> ImagePlanes {
        mapColours(image) { $0.saturation = min(max($0.saturation * factor + offset, 0), 1) }
    }

    /// (x − mean)·c + mean, the mean of each channel.
    static func contrast(_ image: ImagePlanes, factor: Float) -> ImagePlanes {
        var result = image
        for channel in 0 ..< image.channels {
            let range = channel * image.planeCount ..< (channel + 1) * image.planeCount
            let mean = image.values[range].reduce(0, +) / Float(image.planeCount)
            for index in range {
                result.values[index] = (image.values[index] - mean) * factor + mean
            }
        }
        return result
    }

    private static func mapColours(_ image: ImagePlanes, _ body: (inout HSV) -> Void) -> ImagePlanes
    {
        precondition(image.channels == 3)
        let plane = image.planeCount
        var result = image
        for index in 0 ..< plane {
            var colour = HSV(
                red: image.values[index], green: image.values[plane + index],
                blue: image.values[2 * plane + index])
            body(&colour)
            let (red, green, blue) = colour.rgb
            result.values[index] = red
            result.values[plane + index] = green
            result.values[2 * plane + index] = blue
        }
        return result
    }
}

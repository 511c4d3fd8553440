internal import CJPEG

/// What a JPEG file of the image keeps.
package enum JPEGCorruption {
    /// Encoded at `quality` and decoded: baseline, standard tables; colour at half resolution in
    /// both directions (4:2:0), as is usual; the accurate integer transform both ways.
    package static func corrupt(_ image: ImagePlanes, quality: Int) throws -> ImagePlanes {
        precondition(image.channels == 1 || image.channels == 3)
        let format = image.channels == 3 ? Int32(TJPF_RGB.rawValue) : Int32(TJPF_GRAY.rawValue)
        let file = try encoded(image, quality: quality, format: format)
        let pixels = try decoded(file, of: image, format: format)
        var result = image
        for index in 0 ..< image.planeCount {
            for channel in 0 ..< image.channels {
                result.values[channel * image.planeCount + index] =
                    Float(pixels[index * image.channels + channel]) / 255
            }
        }
        return result
    }

    private static func encoded(
        _ image: ImagePlanes, quality: Int, format: Int32
    ) throws(DataError) -> [UInt8] {
        let bytes = image.bytes
        var pixels: [UInt8] = []
        pixels.reserveCapacity(bytes.count)
        for index in 0 ..< image.planeCount {
            for channel in 0 ..< image.channels {
                pixels.append(bytes[channel * image.planeCount + index])
            }
        }
        guard let coder = tjInitCompress() else { throw failure(nil) }
        defer { tjDestroy(coder) }
        var file: UnsafeMutablePointer<UInt8>?
        var size: UInt = 0
        defer { tjFree(file) }
        let sampling = image.channels == 3 ? TJSAMP_420 : TJSAMP_GRAY
        guard
            tjCompress2(
                coder, pixels, Int32(image.width), 0, Int32(image.height), format, &file, &size,
                Int32(sampling.rawValue), Int32(quality), TJFLAG_ACCURATEDCT) == 0
        else { throw failure(coder) }
        return Array(UnsafeBufferPointer(start: file, count: Int(size)))
    }

    private static func decoded(
        _ file: [UInt8], of image: ImagePlanes, format: Int32
    ) throws(DataError) -> [UInt8] {
        guard let decoder = tjInitDecompress() else { throw failure(nil) }
        defer { tjDestroy(decoder) }
        var pixels = [UInt8](repeating: 0, count: image.values.count)
        guard
            tjDecompress2(
                decoder, file, UInt(file.count), &pixels, Int32(image.width), 0,
                Int32(image.height), format, TJFLAG_ACCURATEDCT) == 0
        else { throw failure(decoder) }
        return pixels
    }

    private static func failure(_ handle: tjhandle?) -> DataError {
        .compression(
            file: "an image in memory", format: "JPEG", why: String(cString: tjGetErrorStr2(handle))
        )
    }
}

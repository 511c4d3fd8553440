internal import Checksum
internal import ChipCore
internal import Foundation
internal import Protocol

/// The planes of a tile, and what else is stored as a blob, to and from bytes.
///
/// All numbers are little-endian, which the processors that this is built for are too: a plane
/// is the array's own memory, copied once.
enum BlobCoding {
    static let bytesPerCell = 12

    /// g_p of all cells, then their pulses, then their instant indices.
    static func cells(of tile: TileRecord) -> Data {
        data(of: [.init(tile.conductances), .init(tile.pulses), .init(tile.instants)])
    }

    static func instants(of tile: TileRecord) -> Data {
        data(of: [.init(tile.programmingInstants.map(\.microseconds))])
    }

    /// `nil`: the bytes are no whole number of cells, or an instant lies before the birth.
    static func tile(_ number: Int, cells: Data, instants: Data) -> TileRecord? {
        guard cells.count % bytesPerCell == 0 else { return nil }
        let count = cells.count / bytesPerCell
        guard let times = array(of: Int64.self, instants[...]), times.allSatisfy({ $0 >= 0 }) else {
            return nil
        }
        func plane<Element: BitwiseCopyable>(_ index: Int, _: Element.Type) -> [Element] {
            let start = cells.startIndex + index * count * 4
            return array(of: Element.self, cells[start ..< start + count * 4]) ?? []
        }
        return TileRecord(
            tile: number, conductances: plane(0, Float.self), pulses: plane(1, UInt32.self),
            instants: plane(2, UInt32.self),
            programmingInstants: times.map { ChipInstant(microseconds: $0) })
    }

    /// Frames in a row, each with its length in 8 bytes in front.
    static func join(_ frames: [[UInt8]]) -> Data {
        var joined = Data(capacity: frames.reduce(0) { $0 + 8 + $1.count })
        for frame in frames {
            withUnsafeBytes(of: UInt64(frame.count).littleEndian) { joined.append(contentsOf: $0) }
            joined.append(contentsOf: frame)
        }
        return joined
    }

    /// `nil`: the lengths do not add up.
    static func split(_ joined: Data) -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        var rest = joined[...]
        while !rest.isEmpty {
            guard let size = array(of: UInt64.self, rest.prefix(8))?.first,
                let count = Int(exactly: size), count <= rest.count - 8
            else { return nil }
            rest = rest.dropFirst(8)
            frames.append([UInt8](rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return frames
    }

    /// Bytes of one weight code in a blob of `codes`: 1 as long as no magnitude is above 127.
    static func bytesPerCode(_ codes: [Int16]) -> Int {
        codes.allSatisfy { (-127 ... 127).contains($0) } ? 1 : 2
    }

    static func codes(_ codes: [Int16], bytesPerCode: Int) -> Data {
        bytesPerCode == 1
            ? data(of: codes.map { Int8($0) }) : data(of: codes)
    }

    /// `nil`: another width than 1 or 2, or no whole number of codes.
    static func codes(_ bytes: Data, bytesPerCode: Int) -> [Int16]? {
        switch bytesPerCode {
        case 1: array(of: Int8.self, bytes[...])?.map { Int16($0) }
        case 2: array(of: Int16.self, bytes[...])
        default: nil
        }
    }

    static func data<Element: BitwiseCopyable>(of elements: [Element]) -> Data {
        data(of: [.init(elements)])
    }

    static func array<Element: BitwiseCopyable>(
        of _: Element.Type, _ bytes: Data.SubSequence
    ) -> [Element]? {
        let stride = MemoryLayout<Element>.stride
        guard bytes.count % stride == 0 else { return nil }
        return [Element](unsafeUninitializedCapacity: bytes.count / stride) { target, made in
            _ = bytes.copyBytes(to: UnsafeMutableRawBufferPointer(target))
            made = bytes.count / stride
        }
    }

    /// The memory of one array, whatever its element.
    private struct Plane {
        let count: Int
        let copy: (UnsafeMutableRawPointer) -> Void

        init<Element: BitwiseCopyable>(_ elements: [Element]) {
            count = elements.count * MemoryLayout<Element>.stride
            copy = { target in
                elements.withUnsafeBytes { source in
                    guard let start = source.baseAddress, source.count > 0 else { return }
                    target.copyMemory(from: start, byteCount: source.count)
                }
            }
        }
    }

    /// One allocation, handed over to the result without another copy.
    private static func data(of planes: [Plane]) -> Data {
        let count = planes.reduce(0) { $0 + $1.count }
        guard count > 0, let memory = malloc(count) else { return Data() }
        var offset = 0
        for plane in planes {
            plane.copy(memory + offset)
            offset += plane.count
        }
        return Data(bytesNoCopy: memory, count: count, deallocator: .free)
    }
}

/// XXH3-128 over the parts of a row, each with its length in front: a byte that changed, moved
/// from one part to the next or belongs to another row is noticed.
enum BlobChecksum {
    static func of(_ key: String, _ parts: [Data]) -> Data {
        let hash = XXH3()
        hash.update(part: [UInt8](key.utf8))
        for part in parts { part.withUnsafeBytes { hash.update(part: $0) } }
        return Data(hash.digest())
    }
}

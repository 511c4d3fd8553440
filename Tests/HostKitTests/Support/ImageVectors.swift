import Foundation
import HostKit

/// Tests/Vectors/images.json, as scripts/image-vectors wrote it.
struct ImageVectors: Decodable {
    struct Colour: Decodable {
        let rgb: [Float]
        let hsv: [Float]
    }

    /// One array or several, of uint8 or float32 as the reader says.
    enum Arrays: Decodable {
        case one(Data)
        case several([Data])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(Data.self) {
                self = .one(one)
            } else {
                self = .several(try container.decode([Data].self))
            }
        }
    }

    private let arrays: [String: Data]
    private let severities: [String: [Data]]
    let colours: [Colour]

    static let all: ImageVectors = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Vectors/images.json").standardizedFileURL
        do {
            return try JSONDecoder().decode(ImageVectors.self, from: Data(contentsOf: path))
        } catch { fatalError("\(path.path): \(error)") }
    }()

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        var arrays: [String: Data] = [:]
        var severities: [String: [Data]] = [:]
        for key in container.allKeys where !["made by", "colours"].contains(key.stringValue) {
            switch try container.decode(Arrays.self, forKey: key) {
            case .one(let data): arrays[key.stringValue] = data
            case .several(let list): severities[key.stringValue] = list
            }
        }
        (self.arrays, self.severities) = (arrays, severities)
        colours = try container.decode([Colour].self, forKey: Key(stringValue: "colours"))
    }

    func bytes(_ name: String) -> [UInt8] { Array(arrays[name]!) }
    func bytes(_ name: String, severity: Int) -> [UInt8] { Array(severities[name]![severity - 1]) }
    func floats(_ name: String) -> [Float] { Self.floats(arrays[name]!) }
    func floats(_ name: String, severity: Int) -> [Float] {
        Self.floats(severities[name]![severity - 1])
    }

    private static func floats(_ data: Data) -> [Float] {
        data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map {
                Float(bitPattern: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
            }
        }
    }

    /// The image that everything was done to: 3 × 32 × 32.
    var image: ImagePlanes {
        ImagePlanes(bytes: bytes("image"), shape: [3, 32, 32], pixelMax: 255)
    }
}

/// Largest difference of two lists of bytes of equal length, in grey levels.
func largestDifference(_ a: [UInt8], _ b: [UInt8]) -> Int {
    precondition(a.count == b.count)
    return zip(a, b).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
}

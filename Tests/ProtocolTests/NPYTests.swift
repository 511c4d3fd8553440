import ChipClient
import Foundation
import Protocol
import Testing

@Suite("Array files: NumPy's own bytes in, NumPy's form out")
struct NPYTests {
    /// Files as NumPy 1.24 wrote them.
    static let files: [String: String] = [
        "i8":
            "k05VTVBZAQB2AHsnZGVzY3InOiAnfGkxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIs"
            + "IDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
            + "IAqAAH8BAgM=",
        "u8":
            "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMs"
            + "KSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
            + "IAoAyP8=",
        "i16":
            "k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIs"
            + "IDEpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
            + "IAoB//8A",
        "i32":
            "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEs"
            + "IDEsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
            + "IApwEQEA/////w==",
        "f32":
            "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEs"
            + "IDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
            + "IAoAAMA/AACAvg==",
        "f64":
            "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEs"
            + "KSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
            + "IAoAAAAAAADwPw==",
        "fortran":
            "k05VTVBZAQB2AHsnZGVzY3InOiAnfGkxJywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwg"
            + "MiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
            + "IAoBAwIE",
        "scalar":
            "k05VTVBZAQB2AHsnZGVzY3InOiAnfGkxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCks"
            + "IH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
            + "IAoF",
        "v2":
            "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8aTInLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAo"
            + "MiwgMiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
            + "IAoBAAIAAwAEAA==",
    ]

    static func bytes(_ name: String) throws -> [UInt8] {
        let text = try #require(files[name])
        return [UInt8](try #require(Data(base64Encoded: text)))
    }

    static let expected: [(String, [Int], TensorValues)] = [
        ("i8", [2, 3], .i8([-128, 0, 127, 1, 2, 3])), ("u8", [3], .u8([0, 200, 255])),
        ("i16", [2, 1], .i16([-255, 255])), ("i32", [1, 1, 2], .i32([70_000, -1])),
        ("f32", [1, 2], .f32([1.5, -0.25])), ("v2", [2, 2], .i16([1, 2, 3, 4])),
        ("scalar", [], .i8([5])),
    ]

    @Test(arguments: expected.indices)
    func readsWhatNumPyWrote(_ index: Int) throws {
        let (name, shape, values) = Self.expected[index]
        let file = try NPYFile(bytes: try Self.bytes(name), name: name)
        #expect(file.shape == shape)
        #expect(file.values == values)
    }

    @Test(arguments: ["i8", "u8", "i16", "i32", "f32"])
    func writesWhatNumPyWrites(_ name: String) throws {
        let bytes = try Self.bytes(name)
        #expect(try NPYFile(bytes: bytes, name: name).bytes == bytes)
    }

    @Test func otherKindsAreRefusedWithASentence() throws {
        let wide = #expect(throws: FileError.self) {
            try NPYFile(bytes: try Self.bytes("f64"), name: "w.npy")
        }
        #expect(wide?.description.contains("w.npy has elements of type <f8") == true)
        let order = #expect(throws: FileError.self) {
            try NPYFile(bytes: try Self.bytes("fortran"), name: "w.npy")
        }
        #expect(order?.description.contains("Fortran order") == true)
        let none = #expect(throws: FileError.self) { try NPYFile(reading: "/nonexistent.npy") }
        #expect(none?.description.contains("/nonexistent.npy") == true)
    }

    @Test(arguments: ["i8", "i32", "v2"])
    func everyTruncationIsRefused(_ name: String) throws {
        let bytes = try Self.bytes(name)
        for size in 0 ..< bytes.count {
            let error = #expect(throws: FileError.self) {
                try NPYFile(bytes: Array(bytes[..<size]), name: "cut.npy")
            }
            #expect(error?.description.contains("cut.npy") == true)
        }
        #expect(throws: FileError.self) { try NPYFile(bytes: bytes + [0], name: "long.npy") }
    }

    @Test func damagedHeadersNeverCrash() throws {
        let bytes = try Self.bytes("i16")
        for bit in 0 ..< 80 * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << (bit % 8)
            _ = try? NPYFile(bytes: damaged, name: "damaged.npy")
        }
    }
}

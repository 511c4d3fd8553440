import Foundation
import HostKit
import Testing

@Suite("safetensors")
struct SafeTensorsTests {
    /// Made by Python's struct and json: "a" 2 × 2, "b" 2, listed in the other order.
    static let fixture = Array(
        Data(
            base64Encoded: """
                qAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6IHsiZm9ybWF0IjogInB0In0sICJiIjogeyJkdHlwZSI6ICJGMzIiLCAic2hhcGUi\
                OiBbMl0sICJkYXRhX29mZnNldHMiOiBbMTYsIDI0XX0sICJhIjogeyJkdHlwZSI6ICJGMzIiLCAic2hhcGUiOiBbMiwgMl0s\
                ICJkYXRhX29mZnNldHMiOiBbMCwgMTZdfX0gICAgICAAAIA/AAAAwAAAAD8AAFBAbxKDOpzkJs4=
                """)!)

    @Test func aFileMadeElsewhereIsRead() throws {
        let file = try SafeTensors(bytes: Self.fixture, file: "f")
        #expect(file.metadata == ["format": "pt"])
        #expect(
            file.entries == [
                .init(name: "a", shape: [2, 2], values: [1, -2, 0.5, 3.25]),
                .init(name: "b", shape: [2], values: [1e-3, -7e8]),
            ])
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let file = SafeTensors(
            metadata: ["model": "x", "text": "\"quoted\" µ"],
            entries: [
                .init(
                    name: "z.weight", shape: [1, 3],
                    values: [1, .leastNonzeroMagnitude, -.infinity]),
                .init(name: "a.bias", shape: [], values: [4]),
                .init(name: "empty", shape: [0, 2], values: []),
            ])
        let bytes = try file.encoded()
        let headerLength = Int(bytes[0]) + Int(bytes[1]) << 8
        #expect(headerLength % 8 == 0)
        #expect(bytes.count == 8 + headerLength + 16)
        let back = try SafeTensors(bytes: bytes, file: "f")
        #expect(back.metadata == file.metadata)
        #expect(Set(back.entries.map(\.name)) == Set(file.entries.map(\.name)))
        for entry in file.entries { #expect(back.entries.contains(entry)) }
    }

    @Test func aFileCutShortAtAnyByteIsRefused() {
        for count in 0 ..< Self.fixture.count {
            #expect(throws: DataError.self, "\(count) bytes") {
                _ = try SafeTensors(bytes: Array(Self.fixture[..<count]), file: "f")
            }
        }
    }

    @Test(arguments: [
        #"{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[2000000000,2000000000,2000000000],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1]}}"#, #"[1]"#, #"{"a":3}"#,
    ])
    func anImpossibleHeaderIsRefused(json: String) {
        let header = Array(json.utf8)
        let bytes = [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [0, 0, 0, 0]
        #expect(throws: DataError.self) { _ = try SafeTensors(bytes: bytes, file: "f") }
    }

    static func file(_ json: String, dataBytes: Int) throws -> SafeTensors {
        let header = Array(json.utf8)
        return try SafeTensors(
            bytes: [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header
                + Array(repeating: 1, count: dataBytes), file: "f")
    }

    /// PyTorch's batch norms count batches: I64, one number, nothing we need.
    @Test func onlyACounterOfBatchesIsLeftOut() throws {
        let counter = #""bn1.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[4,12]}"#
        let bias = #""bn1.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#
        let file = try Self.file("{\(counter),\(bias)}", dataBytes: 12)
        #expect(file.entries.map(\.name) == ["bn1.bias"])
        for json in [
            #"{"steps":{"dtype":"I64","shape":[],"data_offsets":[8,16]}}"#,
            #"{"b.num_batches_tracked":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}}"#,
            #"{"b.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[12,16]}}"#,
            #"{"b.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[12,20]}}"#,
            #"{"b.num_batches_tracked":{"dtype":"I32","shape":[],"data_offsets":[12,16]}}"#,
        ] {
            #expect(throws: DataError.self, "\(json)") {
                _ = try Self.file(json, dataBytes: 16)
            }
        }
    }

    /// The format has no bytes that belong to no tensor; two files in one name no error else.
    @Test func bytesBehindTheLastElementAreRefused() throws {
        let json = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
        #expect(
            throws: DataError.wrongContent(
                file: "f", expected: "8 bytes of elements, as the header says", found: "9")
        ) { _ = try Self.file(json, dataBytes: 9) }
    }

    /// Elements may start at any byte: a header need not be padded.
    @Test func unalignedElementsAreRead() throws {
        for padding in 0 ..< 4 {
            let json =
                #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
                + String(repeating: " ", count: padding)
            let file = try Self.file(json, dataBytes: 8)
            #expect(
                file.entries[0].values == [
                    Float(bitPattern: 0x0101_0101), Float(bitPattern: 0x0101_0101),
                ])
        }
    }

    @Test func tensorsOfAnotherNetworkAreRefused() throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 4)
        let entries = try network.tensors.map {
            SafeTensors.Entry(
                name: $0.name, shape: $0.tensor.shape, values: try $0.tensor.floats())
        }
        func load(_ entries: [SafeTensors.Entry]) throws {
            try NetworkCatalogue.make("lenet-8x8", seed: 5)
                .load(SafeTensors(metadata: [:], entries: entries), file: "f")
        }
        try load(entries)
        let stranger = SafeTensors.Entry(name: "conv3.weight", shape: [1], values: [0])
        let refusals: [([SafeTensors.Entry], String)] = [
            (entries + [stranger], "'conv3.weight'"), (Array(entries.dropLast()), "'fc2.bias'"),
            (
                entries.dropLast() + [
                    .init(name: "fc2.bias", shape: [9], values: Array(repeating: 0, count: 9))
                ], "'fc2.bias' of 10"
            ),
        ]
        for (entries, word) in refusals {
            do {
                try load(entries)
                Issue.record("\(word) was taken")
            } catch let error as DataError {
                #expect(error.description.contains(word), "\(error.description)")
            }
        }
    }

    @Test func aCheckpointCarriesNetworkScalesAndOrigin() throws {
        let folder = try TemporaryFolder()
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 4)
        let scales = QuantisationScales(
            layers: Dictionary(
                uniqueKeysWithValues: network.matrixLayers.map {
                    ($0.name, LayerScales(input: 1 / 255, weight: 0.01))
                }))
        let path = "\(folder.path)/n.safetensors"
        try Checkpoint(network: network, scales: scales, command: "train --seed 4", seed: 4).write(
            to: path)
        let file = try SafeTensors(contentsOf: path)
        #expect(
            file.entries.map(\.name).sorted() == [
                "conv1.bias", "conv1.weight", "conv2.bias", "conv2.weight", "fc1.bias",
                "fc1.weight", "fc2.bias",
                "fc2.weight",
            ])
        #expect(file.metadata["input_size"] == "1x8x8")
        let back = try Checkpoint(contentsOf: path)
        #expect(back.scales == scales)
        #expect(back.seed == 4 && back.command == "train --seed 4")
        for (mine, theirs) in zip(network.parameters, back.network.parameters) {
            #expect(try mine.tensor.floats() == theirs.tensor.floats())
        }
    }
}

import CFloor
import ChipCore
import Foundation

/// Cases inside the daemon's process: physics and store, no wire.
enum ChipCases {
    static let batches = [1, 32, 256]
    static let wiredBatch = 256

    static func name(batch: Int, isWired: Bool = false) -> String {
        "multiply-128x128-b\(batch)" + (isWired ? "-wires" : "")
    }

    static func multiply(batch: Int, isWired: Bool = false) throws {
        let spec = isWired ? BenchChip.wiredSpecName : BenchChip.specName
        try Scratch.folder { folder in
            let bench = try BenchChip(in: folder, spec: spec)
            try bench.map(columns: 128)
            try bench.program(columns: 128, method: .openLoop, seed: 0)
            try bench.age()
            let inputs = (0 ..< batch * 128).map { UInt8(truncatingIfNeeded: $0 * 29) }
            let bare = BareProduct(batch: batch, rows: 128, columns: 128)
            // Ages the tiles; with resistances in the wires it also solves them.
            let first = try Timing.seconds { try bench.multiply(inputs, batch: batch) }
            let times = try Timing.compare {
                try bench.multiply(inputs, batch: batch)
            } floor: {
                bare.run()
            }
            Result(
                name: name(batch: batch, isWired: isWired), value: Double(batch) / times.work,
                unit: "vectors/s", floor: Double(batch) / times.floor,
                ratio: times.work / times.floor,
                more: [
                    "microseconds": times.work * 1e6, "first_microseconds": first * 1e6,
                    "threads": 1, "spec": spec,
                    "effects": BenchChip.effects + (isWired ? ", wire resistance" : ""),
                    "age_s": BenchChip.ageSeconds,
                ]
            ).print()
        }
    }

    /// Durable cells a second. Floor: the bytes of as many cells, written and synced by tile.
    static func programOpenLoop() throws {
        try Scratch.folder { folder in
            let columns = 2048
            let bench = try BenchChip(in: folder)
            try bench.map(columns: columns)
            let cells = 2 * 128 * columns
            var seed = 0
            let file = folder.appendingPathComponent("floor").path
            var floors: [Double] = []
            var times: [Double] = []
            for _ in 0 ..< 7 {
                times.append(
                    try Timing.seconds {
                        try bench.program(columns: columns, method: .openLoop, seed: seed)
                    })
                var seconds = 0.0
                let status = floor_write(file, cells * 12, 128 * 128 * 12, &seconds)
                guard status == 0 else { throw BenchFault("floor: errno \(status)") }
                floors.append(seconds)
                seed += 1
            }
            let (work, floor) = (Timing.median(times), Timing.median(floors))
            Result(
                name: "program-open-loop", value: Double(cells) / work, unit: "cells/s",
                floor: Double(cells) / floor, ratio: work / floor,
                more: ["cells": cells, "threads": 1, "spec": BenchChip.specName]
            ).print()
        }
    }

    static func programWriteVerify() throws {
        try Scratch.folder { folder in
            let columns = 512
            let bench = try BenchChip(in: folder)
            try bench.map(columns: columns)
            let cells = 2 * 128 * columns
            var times: [Double] = []
            for seed in 0 ..< 5 {
                times.append(
                    try Timing.seconds {
                        try bench.program(
                            columns: columns, method: .writeVerify(.init()),
                            seed: seed)
                    })
            }
            let work = Timing.median(times)
            Result(
                name: "program-write-verify", value: Double(cells) / work, unit: "cells/s",
                more: ["cells": cells, "threads": 1, "spec": BenchChip.specName]
            ).print()
        }
    }

    static func sizes() throws {
        try Scratch.folder { folder in
            let columns = 4096
            let cells = 2 * 128 * columns
            let before = try Scratch.residentBytes()
            let bench = try BenchChip(in: folder)
            try bench.map(columns: columns)
            for seed in 0 ..< 3 {
                try bench.program(columns: columns, method: .openLoop, seed: seed)
            }
            try bench.multiply(Array(repeating: 1, count: 128), batch: 1)
            let memory = try Scratch.residentBytes() - before
            try bench.store.close()
            let files = try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: [.fileSizeKey])
            let disk = try files.reduce(0) {
                $0 + (try $1.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0)
            }
            Result(
                name: "disk-bytes-per-cell", value: Double(disk) / Double(cells), unit: "bytes",
                floor: 12, ratio: Double(disk) / Double(cells) / 12, more: ["cells": cells]
            ).print()
            Result(
                name: "memory-bytes-per-cell", value: Double(memory) / Double(cells),
                unit: "bytes", floor: 12, ratio: Double(memory) / Double(cells) / 12,
                more: ["cells": cells]
            ).print()
        }
    }
}

struct BenchFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

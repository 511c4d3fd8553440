internal import ChipClient
internal import Protocol

/// A command that is sent again under its number is answered from the store: no cell is pulsed twice.
struct ExactlyOnceLaw: Law {
    let name = "exactly-once"
    let number = "wire.md 6"

    func concerns(_ bench: Bench) -> Bool { bench.isFirst }

    func check(_ bench: Bench, _ record: inout Record) throws {
        let pulse = WirePulse.with {
            $0.tile = bench.bank.firstTile + bench.bank.tiles - 1
            $0.region = .rectangle(row: 0, column: 0, rows: 1, columns: 8)
            $0.direction = .set
            $0.pulses = 3
            $0.step = 0.01
        }
        let before = try bench.chip.health().pulses
        try bench.chip.pulse(pulse)
        let once = try bench.chip.health().pulses
        let again = try bench.chip.repeatPulse(pulse)
        let twice = try bench.chip.health().pulses
        for (what, expected, measured): (String, Double, Double) in [
            ("pulses counted after 3 on each of 8 cells", 24, Double(once - before)),
            ("further pulses counted after the repeat", 0, Double(twice - once)),
            ("the repeat is marked as replayed", 1, again.reply.replayed ? 1 : 0),
        ] {
            record.note(
                self, what, on: bench, expected: expected, measured: measured, bound: 0, .exact,
                samples: 1, source: "firmware-specs/wire.md, §6")
        }
    }
}

/// A chip that is restored goes on as it did: the same commands give the same bits.
struct SnapshotLaw: Law {
    let name = "snapshot"
    let number = "wire.md 8"
    let needsSimulation = true

    func concerns(_ bench: Bench) -> Bool { bench.isFirst }

    func check(_ bench: Bench, _ record: inout Record) throws {
        let tile = try bench.freshTile()
        try bench.chip.saveSnapshot("fidelity")
        let first = try goOn(bench, tile)
        try bench.chip.restoreSnapshot("fidelity")
        try bench.reconnect()
        let second = try goOn(bench, tile)
        record.note(
            self, "read values that differ after restore and the same commands", on: bench,
            expected: 0,
            measured: Double(
                zip(first.read, second.read).count { $0.bitPattern != $1.bitPattern }),
            bound: 0, .exact, samples: first.read.count, source: "firmware-specs/wire.md, §8")
        record.note(
            self, "state digest is the same", on: bench, expected: 1,
            measured: first.digest == second.digest ? 1 : 0, bound: 0, .exact, samples: 1,
            source: "firmware-specs/wire.md, §8")
    }

    private func goOn(_ bench: Bench, _ tile: UInt32) throws -> (read: [Float], digest: [UInt8]) {
        try bench.program(tile, bench.targetsOfAllLevels)
        let read = try bench.chip.read(tile: tile).values
        return (read, Array(try bench.chip.status().stateDigest))
    }
}

/// What two products cost together is the sum of what each costs, part by part.
struct CostLaw: Law {
    let name = "cost"
    let number = "K-1 … K-5"

    func check(_ bench: Bench, _ record: inout Record) throws {
        var generator = SeededGenerator(seed: 8)
        let (rows, columns) = (min(128, bench.rows), min(64, bench.columns))
        let matrix = try MappedMatrix(
            bench, rows: rows, columns: columns, mapping: .differential,
            codes: (0 ..< rows * columns).map { _ in
                Int8.random(in: -127 ... 127, using: &generator)
            })
        let vectors = (0 ..< 2).map { _ in
            (0 ..< rows).map { _ in
                UInt8.random(in: 0 ... UInt8(bench.inputCodeMax), using: &generator)
            }
        }
        let before = try bench.chip.health()
        var sum = WireCost()
        for vector in vectors { sum.add(try matrix.multiply(vector, batch: 1).cost) }
        let both = try matrix.multiply(vectors.flatMap { $0 }, batch: 2).cost
        let after = try bench.chip.health()
        for part in sum.parts {
            let other = both.parts.first { $0.component == part.component }
            note(
                "energy of \(part.component) of two products at once", part.energyPj,
                other?.energyPj ?? .nan, "pJ", bench, &record)
        }
        note("latency of two products at once", sum.latencyNs, both.latencyNs, "ns", bench, &record)
        // Of a chip that has spent much, health tells no small differences.
        note(
            "energy that health has counted for them", sum.energyPj + both.energyPj,
            after.energyPj - before.energyPj, "pJ", bench, &record,
            rounding: 4 * after.energyPj.ulp)
        try matrix.unmap()
    }

    private func note(
        _ figure: String, _ expected: Double, _ measured: Double, _ unit: String, _ bench: Bench,
        _ record: inout Record, rounding: Double = 0
    ) {
        record.note(
            self, figure, on: bench, expected: expected, measured: measured,
            bound: 1e-6 * expected + rounding, .tolerance, unit: unit, samples: 2,
            source: "costs add")
    }
}

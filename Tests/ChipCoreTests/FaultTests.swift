import ChipCore
import Physics
import Testing

@Suite("Faults: stuck cells, dead lines, offsets of converters")
struct FaultTests {
    /// G_on 20 µS, G_off 2 µS; reads of σ = 0.1·g + 0.5 µS where there is noise.
    private func bench(noise: Bool = false, drift: Double = 0, adcBits: Int? = nil) throws
        -> TestBench
    {
        let plain = try TestSpec.technology(drift: drift)
        let technology = try CellTechnology(
            name: "test", storage: .analog, bitsPerCell: plain.bitsPerCell, window: plain.window,
            drift: plain.drift,
            readNoise: noise
                ? ReadNoise(relative: 0.1, constantMicrosiemens: 0.5) : ReadNoise.none,
            programmingNoise: 0, writeVerify: plain.writeVerify, cost: TestSpec.cost)
        let bench = try TestBench(TestSpec.chip(technology, adcBits: adcBits))
        try bench.takeLease()
        return bench
    }

    @discardableResult
    private func fault(
        _ bench: TestBench, _ kind: FaultCommand.Kind, bank: String = "", tiles: [Int] = [0],
        _ amount: FaultCommand.Amount, seed: UInt64 = 1
    ) throws -> (added: Int, total: Int) {
        let reply = try bench.chip.simulate(
            .fault(FaultCommand(kind: kind, bank: bank, tiles: tiles, amount: amount, seed: seed)),
            work: bench.work)
        guard case .faults(let added, let total) = reply.result else { preconditionFailure() }
        return (added, total)
    }

    private func mend(_ bench: TestBench) throws {
        let reply = try bench.chip.simulate(.mend, work: bench.work)
        guard case .faults(let added, let total) = reply.result else { preconditionFailure() }
        #expect(added == 0)
        #expect(total == 0)
    }

    private func read(_ bench: TestBench, tile: Int = 0, repeats: Int = 1) throws -> [Float] {
        let reply = try bench.chip.sample(
            .read(ReadCommand(source: .tile(tile), region: .all, repeats: repeats)),
            work: bench.work)
        guard case .read(let values, _, _, _) = reply.result else { preconditionFailure() }
        return values
    }

    private func truth(_ bench: TestBench, tile: Int = 0) throws -> [Float] {
        let reply = try bench.chip.simulate(
            .truth(tile: tile, region: .all, deviations: false), work: bench.work)
        guard case .truth(let values, _, _, _, _) = reply.result else { preconditionFailure() }
        return values
    }

    private func write(
        _ bench: TestBench, _ value: Float, method: ProgramCommand.Method = .openLoop
    ) throws -> ProgramReport {
        let reply = try bench.change(
            .program(
                ProgramCommand(
                    target: .conductances(tile: 0, [Float](repeating: value, count: 128)),
                    region: .all, method: method, all: true, mask: nil, readBack: false,
                    cellStatus: true)))
        guard case .programmed(let report) = reply.result else { preconditionFailure() }
        return report
    }

    private func faults(_ bench: TestBench) -> [FaultRecord] {
        bench.store.snapshot.chip?.faults.sorted { $0.tile < $1.tile } ?? []
    }

    private func digest(_ bench: TestBench) -> [UInt8] {
        bench.chip.status(session: bench.session, now: bench.now).stateDigest
    }

    // MARK: Stuck cells

    /// Whatever is written, they hold G_on or G_off, do not drift and count their pulses; what was
    /// there before comes back.
    @Test func stuckCellsHoldAndKeepWhatIsBeneath() throws {
        let bench = try bench(drift: 0.1)
        _ = try write(bench, 11)
        let pulses = bench.store.snapshot.chip?.tiles.first?.pulses
        #expect(try fault(bench, .stuckOn, .count(10)) == (10, 10))
        #expect(try fault(bench, .stuckOff, .count(7)) == (7, 17))
        let record = try #require(faults(bench).first)
        #expect((record.stuckOn.count, record.stuckOff.count) == (10, 7))
        let (on, off) = (Set(record.stuckOn.map { Int($0) }), Set(record.stuckOff.map { Int($0) }))
        func check(_ sound: Float) throws {
            for (cell, value) in try truth(bench).enumerated() {
                let expected: Float = on.contains(cell) ? 20 : off.contains(cell) ? 2 : sound
                #expect(abs(value - expected) <= 1e-4 * expected)
            }
        }
        try check(11)
        let report = try write(bench, 5)
        #expect(report.written == 128)
        try check(5)
        _ = try bench.chip.simulate(.clockAdvance(seconds: 1e5), work: bench.work)
        // (D-1): 5·(1e5)^−0.1.
        try check(1.581_139)
        let after = try #require(bench.store.snapshot.chip?.tiles.first)
        #expect(after.pulses == pulses?.map { $0 + 1 })
        try mend(bench)
        for (cell, value) in try truth(bench).enumerated() {
            let beneath: Float = on.contains(cell) || off.contains(cell) ? 11 : 5
            #expect(abs(value - beneath * 0.316_228) <= 1e-4 * beneath)
        }
    }

    /// Write-verify reports them after its pulses, unless it finds the target.
    @Test func writeVerifyReportsStuckCells() throws {
        let bench = try bench()
        try fault(bench, .stuckOn, .count(9), seed: 3)
        try fault(bench, .stuckOff, .count(8), seed: 4)
        let record = try #require(faults(bench).first)
        let method = ProgramCommand.Method.writeVerify(.init(pulsesMax: 20))
        let report = try write(bench, 11, method: method)
        #expect(report.stuckOn == 9)
        #expect(report.stuckOff == 8)
        #expect(report.verified == 111)
        #expect(report.newlyStuck == 0)
        for cell in record.stuckOn {
            #expect(report.cellStatus[Int(cell)] == CellOutcome.stuckOn.rawValue)
        }
        for cell in record.stuckOff {
            #expect(report.cellStatus[Int(cell)] == CellOutcome.stuckOff.rawValue)
        }
        let tile = try #require(bench.store.snapshot.chip?.tiles.first)
        #expect(record.stuckOn.allSatisfy { tile.pulses[Int($0)] == 20 })
        let high = try write(bench, 20, method: method)
        #expect((high.stuckOn, high.stuckOff, high.verified) == (0, 8, 120))
    }

    /// Their reads are noisy: 4,000 reads of one, mean and spread at 99.9 %.
    @Test func stuckCellsAreReadWithNoise() throws {
        let bench = try bench(noise: true)
        try fault(bench, .stuckOn, .count(1))
        let cell = Int(try #require(faults(bench).first?.stuckOn.first))
        let reads = try (0 ..< 4_000).map { _ in Double(try read(bench)[cell]) }
        let mean = reads.reduce(0, +) / 4_000
        let variance = reads.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3_999
        #expect(abs(mean - 20) < 3.29 * 2.5 / 4_000.0.squareRoot())
        #expect(abs(variance / 6.25 - 1) < 3.29 * (2.0 / 4_000).squareRoot())
    }

    @Test func aTrainDoesNotMoveStuckCells() throws {
        let bench = try bench()
        try fault(bench, .stuckOff, .count(128))
        try bench.change(
            .pulse(
                PulseCommand(tile: 0, region: .all, direction: .set, pulses: 5, step: 0.1)))
        #expect(try truth(bench).allSatisfy { $0 == 2 })
        #expect(bench.store.snapshot.chip?.tiles.first?.pulses.allSatisfy { $0 == 5 } == true)
    }

    // MARK: Dead lines

    /// Cells on a dead line read exactly 0, also on average and with constant noise.
    @Test(arguments: [FaultCommand.Kind.deadWordLine, .deadBitLine])
    func deadLinesReadNothing(kind: FaultCommand.Kind) throws {
        let bench = try bench(noise: true)
        _ = try write(bench, 11)
        #expect(try fault(bench, kind, .count(2)) == (2, 2))
        let record = try #require(faults(bench).first)
        let dead = Set(
            (0 ..< 128).filter { cell in
                record.deadWordLines.contains(UInt32(cell / 8))
                    || record.deadBitLines.contains(UInt32(cell % 8))
            })
        #expect(dead.count == (kind == .deadWordLine ? 16 : 32))
        for values in [try read(bench), try read(bench, repeats: 9)] {
            for (cell, value) in values.enumerated() {
                #expect((value == 0) == dead.contains(cell))
            }
        }
        for method in [ProgramCommand.Method.writeVerify(.init(pulsesMax: 30)), .openLoop] {
            let before = try #require(bench.store.snapshot.chip?.tiles.first)
            let report = try write(bench, 15, method: method)
            let tile = try #require(bench.store.snapshot.chip?.tiles.first)
            for cell in dead {
                #expect(tile.pulses[cell] == before.pulses[cell])
                #expect(tile.conductances[cell] == before.conductances[cell])
                #expect(
                    report.cellStatus[cell]
                        == (method == .openLoop
                        ? CellOutcome.written : .permanentFailure).rawValue)
            }
            #expect(report.permanentFailures == (method == .openLoop ? 0 : dead.count))
            #expect(report.notAttempted == 0)
        }
        try mend(bench)
        #expect(
            try truth(bench).enumerated().allSatisfy { abs($1 - (dead.contains($0) ? 11 : 15)) < 2 }
        )
    }

    /// Products without a row or column: Σ over the rows that are left, with the noise of the
    /// cells that are left (none, where all lines of one side are dead).
    @Test(arguments: [false, true])
    func productsMissDeadLines(isTransposed: Bool) throws {
        let bench = try bench()
        let matrix = try bench.map(rows: 16, columns: 8, weightBits: 2)
        let codes = (0 ..< 128).map { Int16($0 % 7) - 3 }
        try bench.program(matrix.id, codes)
        let inputs = (0 ..< (isTransposed ? 8 : 16)).map { UInt8($0 * 11 + 3) }
        // Differential: the positive and the negative array, tiles 0 and 1.
        for (tile, sign) in [(matrix.tiles[0], 1), (matrix.tiles[1], -1)] {
            try fault(bench, .deadWordLine, tiles: [tile], .count(3), seed: UInt64(tile))
            try fault(bench, .deadBitLine, tiles: [tile], .count(2), seed: UInt64(tile))
            let record = try #require(faults(bench).first { $0.tile == tile })
            let products = try bench.products(
                matrix.id, .unsigned(inputs), batch: 1, transposed: isTransposed)
            for output in 0 ..< products.count {
                let exact = inputs.indices.reduce(0.0) { sum, input in
                    let (row, column) = isTransposed ? (output, input) : (input, output)
                    let isDead =
                        record.deadWordLines.contains(UInt32(row))
                        || record.deadBitLines.contains(UInt32(column))
                    let code = Int(codes[row * 8 + column])
                    // A cell at level ℓ has g = 2 + 6ℓ; in codes (g − 2)/6. A dead one of the
                    // array counts −2/6 against the other array, whose G_off is left.
                    let own = isDead ? -1.0 / 3 : Double(max(0, code * sign))
                    let other = Double(max(0, -code * sign))
                    return sum + Double(inputs[input]) * Double(sign) * (own - other)
                }
                #expect(abs(Double(products[output]) - exact) < 1e-2)
            }
            try mend(bench)
        }
        let whole = try bench.products(
            matrix.id, .unsigned(inputs), batch: 1, transposed: isTransposed)
        for output in 0 ..< whole.count {
            let exact = inputs.indices.reduce(0) { sum, input in
                let (row, column) = isTransposed ? (output, input) : (input, output)
                return sum + Int(inputs[input]) * Int(codes[row * 8 + column])
            }
            #expect(abs(Double(whole[output]) - Double(exact)) < 1e-2)
        }
    }

    @Test func aTileOfDeadLinesMakesNoNoise() throws {
        let bench = try bench(noise: true)
        let matrix = try bench.map(
            rows: 16, columns: 8, weightBits: 2, mapping: .offset)
        try bench.program(matrix.id, [Int16](repeating: 1, count: 128))
        let inputs = MultiplyCommand.Inputs.unsigned([UInt8](repeating: 200, count: 16))
        let before = try bench.products(matrix.id, inputs, batch: 1)
        #expect(Set(before).count > 1)
        try fault(bench, .deadWordLine, tiles: matrix.tiles, .probability(1))
        #expect(Set(try bench.products(matrix.id, inputs, batch: 1)).count == 1)
    }

    // MARK: Converters

    /// Two row blocks of two slices: an offset of 3 LSB in one tile moves an output by 3·4^s; that
    /// of the negative tile and a transposed product do not feel it.
    @Test func anOffsetIsAddedInItsTileAlone() throws {
        let bench = try bench(adcBits: 10)
        let matrix = try bench.map(rows: 32, columns: 8, weightBits: 4)
        try bench.program(matrix.id, (0 ..< 256).map { Int16($0 % 31) - 15 })
        func codes(_ transposed: Bool = false) throws -> [Int32] {
            let reply = try bench.chip.sample(
                .multiply(
                    MultiplyCommand(
                        matrix: matrix.id,
                        inputs: .unsigned((0 ..< (transposed ? 8 : 32)).map { UInt8($0 * 7) }),
                        batch: 1, transposed: transposed, bitSerial: false, products: false,
                        fullScaleMicroamperes: 0)), work: bench.work)
            guard case .product(let product) = reply.result,
                case .codes(let codes, _) = product.values
            else { preconditionFailure() }
            return codes
        }
        let plain = try codes()
        let transposed = try codes(true)
        for (place, tile) in matrix.tiles.enumerated() {
            try fault(bench, .adcOffset(lsb: 3), tiles: [tile], .count(1))
            let shift: Int32 = place % 2 == 1 ? 0 : place / 2 % 2 == 0 ? 3 : 12
            let shifted = try codes()
            // A tie may go the other way: the number that it moves to has the other parity.
            for (before, after) in zip(plain, shifted) {
                #expect(abs(after - before - shift) <= shift / 3)
            }
            #expect(zip(plain, shifted).count { $1 - $0 == shift } >= 6)
            #expect(try codes(true) == transposed)
            try mend(bench)
        }
        #expect(try codes() == plain)
    }

    // MARK: The draw, and what stays

    @Test func countsAreExactAndRepeatable() throws {
        var drawn: [[FaultRecord]] = []
        for _ in 0 ..< 2 {
            let bench = try bench(adcBits: 8)
            #expect(try fault(bench, .stuckOn, tiles: [], .count(300), seed: 9) == (300, 300))
            #expect(
                try fault(bench, .stuckOff, tiles: [], .count(3_796), seed: 9) == (3_796, 4_096))
            #expect(try fault(bench, .deadBitLine, tiles: [3, 1], .count(16)) == (16, 4_112))
            #expect(try fault(bench, .adcOffset(lsb: -1), tiles: [], .count(5)) == (5, 4_117))
            #expect(
                try fault(bench, .deadWordLine, tiles: [2], .probability(0.5), seed: 2).added > 0)
            let again = try fault(bench, .deadWordLine, tiles: [2], .probability(0.5), seed: 2)
            #expect(again.added == 0)
            drawn.append(faults(bench))
        }
        #expect(drawn[0] == drawn[1])
        for record in drawn[0] {
            #expect(Set(record.stuckOn + record.stuckOff).count == 128)
            #expect(record.stuckOn == record.stuckOn.sorted())
        }
        #expect(drawn[0].filter { !$0.deadBitLines.isEmpty }.map(\.tile) == [1, 3])
        #expect(drawn[0].count { $0.adcOffsetLSB == -1 } == 5)
        let other = try bench()
        try fault(other, .stuckOn, tiles: [], .count(300), seed: 10)
        #expect(faults(other).map(\.stuckOn) != drawn[0].map(\.stuckOn))
    }

    /// What a chip answers to commands of every kind.
    private func answers(_ bench: TestBench) throws -> [String] {
        let matrix = try bench.map(rows: 16, columns: 8)
        var answers: [String] = []
        for method in [ProgramCommand.Method.openLoop, .writeVerify(.init())] {
            answers.append(
                "\(try bench.program(matrix.id, (0 ..< 128).map { Int16($0) - 64 }, method: method, all: true, readBack: true))"
            )
            answers.append("\(try bench.weights(matrix.id))")
            let inputs = MultiplyCommand.Inputs.unsigned([UInt8](repeating: 77, count: 16))
            answers.append("\(try bench.products(matrix.id, inputs, batch: 1))")
            answers.append("\(digest(bench))")
        }
        return answers
    }

    /// Count 0 and probability 0 change no bit of what follows, no digest, and store nothing.
    @Test(arguments: [
        FaultCommand.Kind.stuckOn, .stuckOff, .deadWordLine, .deadBitLine, .adcOffset(lsb: 5),
    ])
    func noFaultIsNoChange(kind: FaultCommand.Kind) throws {
        let plain = try bench(noise: true, drift: 0.05, adcBits: 10)
        let broken = try bench(noise: true, drift: 0.05, adcBits: 10)
        let commits = broken.store.snapshot.commits
        let before = digest(broken)
        for amount in [FaultCommand.Amount.count(0), .probability(0)] {
            #expect(try fault(broken, kind, tiles: [], amount) == (0, 0))
        }
        try mend(broken)
        #expect(broken.store.snapshot.commits == commits)
        #expect(digest(broken) == before)
        #expect(try answers(broken) == answers(plain))
        // And faults that were cleared leave nothing behind.
        let mended = try bench(noise: true, drift: 0.05, adcBits: 10)
        #expect(try fault(mended, kind, tiles: [], .count(20)).added == 20)
        #expect(digest(mended) != before)
        try mend(mended)
        #expect(digest(mended) == before)
        let third = try bench(noise: true, drift: 0.05, adcBits: 10)
        #expect(try answers(mended) == answers(third))
    }

    @Test func faultsSurviveRestartsAndTravelInSnapshots() throws {
        let bench = try bench(adcBits: 8)
        try fault(bench, .stuckOn, tiles: [], .count(40))
        try fault(bench, .deadWordLine, tiles: [5], .count(1))
        try fault(bench, .adcOffset(lsb: 1.5), tiles: [6], .count(1))
        let (records, before) = (faults(bench), digest(bench))
        let health = bench.chip.health(now: bench.now).faults
        #expect(health.count == 42)
        let line = try #require(records.first { $0.tile == 5 }?.deadWordLines.first)
        #expect(health.contains("word line \(line) of tile 5 is dead"))
        #expect(health.contains("the ADC of tile 6 is off by 1.5 LSB"))
        let reads = try (0 ..< 8).map { try truth(bench, tile: $0) }
        try bench.restart()
        #expect(faults(bench) == records)
        // `truth` marked the record, which is no part of the digest.
        #expect(digest(bench) == before)
        #expect(try (0 ..< 8).map { try truth(bench, tile: $0) } == reads)
        _ = try bench.chip.simulate(.save(name: "broken"), work: bench.work)
        try mend(bench)
        #expect(bench.chip.health(now: bench.now).faults.isEmpty)
        #expect(try truth(bench, tile: 5) != reads[5])
        _ = try bench.chip.simulate(.restore(name: "broken", from: 0), work: bench.work)
        #expect(digest(bench) == before)
        #expect(faults(bench) == records)
        #expect(try (0 ..< 8).map { try truth(bench, tile: $0) } == reads)
    }

    @Test func healthTellsAtMostSixtyFour() throws {
        let bench = try bench()
        try fault(bench, .stuckOff, tiles: [], .count(64))
        #expect(bench.chip.health(now: bench.now).faults.count == 64)
        try fault(bench, .stuckOff, tiles: [], .count(100), seed: 2)
        let faults = bench.chip.health(now: bench.now).faults
        #expect(faults.count == 65)
        #expect(faults.last == "and 100 more")
        #expect(faults[0].hasSuffix("of tile 0 is stuck OFF"))
    }

    /// A failed commit leaves the chip as it was.
    @Test func aFaultThatIsNotStoredIsNotThere() throws {
        let bench = try bench()
        let before = try truth(bench)
        bench.store.fail(from: bench.store.snapshot.commits)
        #expect(throws: ChipFault.self) { try fault(bench, .stuckOn, .count(9)) }
        bench.store.fail(from: nil)
        #expect(try truth(bench) == before)
        #expect(bench.chip.health(now: bench.now).faults.isEmpty)
    }

    @Test func impossibleFaultsAreRefusedWithASentence() throws {
        let bench = try bench()
        func sentence(
            _ kind: FaultCommand.Kind = .stuckOn, bank: String = "", tiles: [Int] = [],
            _ amount: FaultCommand.Amount = .count(1)
        ) -> String {
            let fault = #expect(throws: ChipFault.self) {
                try self.fault(bench, kind, bank: bank, tiles: tiles, amount)
            }
            return fault?.message ?? ""
        }
        #expect(sentence(bank: "none").contains("bank is \"none\"; the chip has: nvm, sram"))
        #expect(sentence(bank: "sram").contains("whose cells are digital; allowed: analog banks"))
        #expect(sentence(tiles: [96]).contains("tile is 96; the chip has 0 … 95"))
        #expect(sentence(tiles: [40]).contains("tile 40 lies in bank sram"))
        #expect(sentence(tiles: [1, 1]).contains("tiles is a list with repeats"))
        #expect(
            sentence(tiles: [1], .count(129))
                == "count is 129; allowed: 0 … 128, which are sound there")
        #expect(
            sentence(.deadWordLine, tiles: [1], .count(17))
                == "count is 17; allowed: 0 … 16, which are sound there")
        #expect(sentence(.adcOffset(lsb: 1)).contains("the chip's ADC is ideal"))
        #expect(faults(bench).isEmpty)
    }
}

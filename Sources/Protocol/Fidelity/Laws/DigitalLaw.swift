internal import ChipClient
internal import Protocol

/// A digital bank multiplies exactly and forgets when the power goes; the analog cells beside it
/// keep what they hold.
struct DigitalLaw: Law {
    let name = "digital"
    let number = "cell table"
    private static let (rows, columns, batch) = (64, 32, 64)

    func concerns(_ bench: Bench) -> Bool {
        bench.isFirst && bench.sheet.banks.contains { $0.digital }
    }

    func check(_ bench: Bench, _ record: inout Record) throws {
        guard let bank = bench.sheet.banks.first(where: { $0.digital }) else { return }
        var generator = SeededGenerator(seed: 7)
        let codes = (0 ..< Self.rows * Self.columns).map { _ in
            Int8.random(in: -127 ... 127, using: &generator)
        }
        let inputs = (0 ..< Self.batch * Self.rows).map { _ in
            UInt8.random(in: 0 ... UInt8(bench.inputCodeMax), using: &generator)
        }
        let matrix = try bench.chip.map(
            .with {
                $0.name = "fidelity"
                $0.rows = UInt32(Self.rows)
                $0.columns = UInt32(Self.columns)
                $0.weightBits = 8
                $0.codeMax = 127
                $0.bank = bank.name
                $0.mapping = .differential
            }
        ).matrix
        _ = try bench.chip.program(matrix: matrix, codes: .i8(codes))
        var options = MultiplyOptions()
        options.output = .products
        let products = try bench.chip.multiply(
            matrix: matrix, inputs: .u8(inputs), batch: Self.batch, options: options
        ).products
        let exact = EncodingLaw.exact(
            codes, inputs.map(Int.init), rows: Self.rows, columns: Self.columns)
        record.note(
            self, "products of \(bank.name) that are not exact", on: bench, expected: 0,
            measured: Double(zip(products, exact).count { Double($0) != $1 }), bound: 0, .exact,
            samples: exact.count, source: "Σ q·X in whole numbers")
        try checkPower(bench, matrix, inputs, &record)
        try bench.chip.unmap(matrix)
    }

    private func checkPower(
        _ bench: Bench, _ matrix: UInt32, _ inputs: [UInt8], _ record: inout Record
    ) throws {
        let cell = bench.technology
        let tile = try bench.freshTile()
        try bench.program(tile, bench.targetsOfAllLevels)
        let before = try bench.read(tile)
        let lost = try bench.chip.power(on: false).matricesLost
        try bench.chip.power(on: true)
        let after = try bench.read(tile)
        record.note(
            self, "digital matrices lost at power-off", on: bench, expected: 1,
            measured: Double(lost), bound: 0, .exact, samples: 1, source: "volatile")
        let isGone: Bool
        do throws(ChipError) {
            _ = try bench.chip.multiply(matrix: matrix, inputs: .u8(inputs), batch: Self.batch)
            isGone = false
        } catch {
            guard error.reason == .notProgrammed else { throw error }
            isGone = true
        }
        record.note(
            self, "products refused after power-off", on: bench, expected: 1,
            measured: isGone ? 1 : 0, bound: 0, .exact, samples: 1, source: "NOT_PROGRAMMED")
        let changes = zip(before, after).map {
            ($0 - $1) / max(cell.noise($0), 1e-6 * cell.onMicrosiemens)
        }
        let share = (changes.map { $0 * $0 }.mean * Double(Bench.many) / 2).squareRoot()
        record.note(
            self, "change of analog cells over the noise of reading them", on: bench,
            expected: 1, measured: share, bound: Bound.deviation(changes.count), .statistical,
            samples: changes.count, source: "conductances persist: two readings differ by noise")
    }
}

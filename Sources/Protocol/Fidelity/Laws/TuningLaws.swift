internal import ChipClient
internal import Protocol

/// What the GTM says of a chip is what its other cells show: ε̂_B = M − 1.
struct GTMLaw: Law {
    let name = "gtm"
    let number = "T-2"
    private static let repeats = 64

    func concerns(_ bench: Bench) -> Bool {
        bench.technology.betweenChip > 0 && bench.technology.withinChip > 0 && bench.gtmCells > 0
    }

    func check(_ bench: Bench, _ record: inout Record) throws {
        let serials = bench.serials
        guard serials.count >= 16 else {
            throw NotAvailable(why: "the daemon serves \(serials.count) chips; it takes 16")
        }
        let cell = bench.technology
        let tile = try bench.freshTile()
        let programming = cell.programmingSpread
        let reading = cell.noise(cell.onMicrosiemens) / cell.onMicrosiemens
        let within = cell.withinChip * cell.withinChip
        let gtm =
            (within + programming * programming
                + reading * reading * (1 + within) / Double(Self.repeats))
            / Double(bench.gtmCells)
        let others = (within + programming * programming) / Double(bench.cells)
        let error = (gtm + others).squareRoot()
        var distances: [Double] = []
        for serial in serials {
            try bench.withSibling(serial) { chip in
                var options = ProgramOptions()
                options.method = .openLoop
                options.all = true
                _ = try chip.program(
                    tile: tile,
                    conductances: [Float](
                        repeating: Float(cell.onMicrosiemens), count: bench.cells),
                    region: bench.wholeTile, options: options)
                try chip.programReference()
                let shown = try chip.read(
                    tile: tile, region: bench.wholeTile, repeats: Bench.many
                ).values
                    .map { Double($0) / cell.onMicrosiemens }.mean
                let said = try chip.readReference(repeats: Self.repeats)
                distances.append((said.ratio - shown) / error)
            }
        }
        let bounds = Bound.chiSquare(serials.count)
        record.note(
            self, "distance of M from the mean of a tile's cells, over its standard error",
            on: bench, expected: (bounds.lowerBound + bounds.upperBound) / 2,
            measured: (distances.reduce(0) { $0 + $1 * $1 } / Double(serials.count)).squareRoot(),
            bound: (bounds.upperBound - bounds.lowerBound) / 2, .statistical,
            samples: serials.count,
            source: "[σ_W² + σ_p² + (σ(w)/w)²·(1 + σ_W²)/R]/n, n = \(bench.gtmCells)")
    }
}

/// The deviation of a chip is the same share of every conductance, or the same conductance.
struct VariationModelLaw: Law {
    let name = "variation-model"
    let number = "V-2, V-3"

    func concerns(_ bench: Bench) -> Bool {
        bench.technology.isQuiet && bench.technology.betweenChip > 0
    }

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        let tile = try bench.freshTile()
        let half = bench.cells / 2
        try bench.program(
            tile,
            (0 ..< bench.cells).map { $0 < half ? cell.offMicrosiemens : cell.onMicrosiemens })
        let values = try bench.read(tile, repeats: 1)
        let low = values[..<half].mean - cell.offMicrosiemens
        let high = values[half...].mean - cell.onMicrosiemens
        let law = cell.isLayerFixed ? 1 : 1 / cell.ratio
        record.note(
            self, "deviation at G_off over that at G_on", on: bench,
            number: cell.isLayerFixed ? "V-3" : "V-2", expected: law, measured: low / high,
            bound: 1e-3, .tolerance, samples: bench.cells,
            source: cell.isLayerFixed ? "g_t + ε·G_on" : "g_t·(1 + ε)")
    }
}

/// With the GTM, and where the deviation is the same conductance in every cell the LTM columns too,
/// a host finds the exact products of a chip that deviates as a whole.
struct CorrectionLaw: Law {
    let name = "corrections"
    let number = "T-1 … T-3"
    private static let batch = 16
    /// Float32 sums over all slices, and the few pulses of wear (L-2), relative to the largest raw
    /// sum.
    private static let bound = 5e-6
    let needsFreshCells = true

    func concerns(_ bench: Bench) -> Bool {
        bench.technology.isQuiet && bench.gtmCells > 0 && bench.bank.ltmColumns > 0
    }

    func check(_ bench: Bench, _ record: inout Record) throws {
        guard bench.sheet.converters.adcIdeal else {
            throw NotAvailable(why: "the chip's converters are not ideal")
        }
        var generator = SeededGenerator(seed: 11)
        let (rows, columns) = (bench.rows + 40, bench.columns + 8)
        let codes = (0 ..< rows * columns).map { _ in
            Int8.random(in: -127 ... 127, using: &generator)
        }
        let inputs = (0 ..< Self.batch * rows).map { _ in
            UInt8.random(in: 0 ... UInt8(bench.inputCodeMax), using: &generator)
        }
        let exact = EncodingLaw.exact(codes, inputs.map(Int.init), rows: rows, columns: columns)
        for mapping in [WireMapping.differential, .offset] {
            let matrix = try MappedMatrix(
                bench, rows: rows, columns: columns, mapping: mapping, codes: codes)
            try bench.chip.programReference()
            try bench.chip.programReference(ltmOf: matrix.state.matrix)
            let ratio = try bench.chip.readReference().ratio
            let outcome = try matrix.multiply(inputs, batch: Self.batch, ltm: true)
            let corrected = try corrected(outcome, inputs, ratio: ratio, matrix)
            let word = mapping == .differential ? "differential" : "offset"
            func note(_ figure: String, expected: Double, _ products: [Double]) {
                record.note(
                    self, "largest error of products \(figure), \(word)", on: bench,
                    expected: expected,
                    measured: zip(products, exact).map { abs($0 - $1) }.largest / corrected.scale,
                    bound: Self.bound, .tolerance, unit: "largest raw sum", samples: exact.count,
                    source: "Σ q·X in whole numbers; firmware-specs/device.md, tuning columns")
            }
            note("corrected", expected: 0, corrected.products)
            note(
                "as they come", expected: uncorrected(ratio, matrix, inputs, corrected.scale),
                corrected.plain)
            try matrix.unmap()
        }
    }

    /// The largest error of products that were not corrected, relative to the largest raw sum: the
    /// share that M is off, or ε̂_B·G_on in every cell of a column; in pairs it cancels.
    private func uncorrected(
        _ ratio: Double, _ matrix: MappedMatrix, _ inputs: [UInt8], _ scale: Double
    ) -> Double {
        let bench = matrix.bench
        guard bench.technology.isLayerFixed else { return abs(1 - 1 / ratio) }
        guard !matrix.isDifferential else { return 0 }
        let sums = stride(from: 0, to: inputs.count, by: matrix.rows).map { first in
            inputs[first ..< first + matrix.rows].reduce(0) { $0 + Double($1) }
        }
        return abs(ratio - 1) * bench.technology.onMicrosiemens * matrix.voltsPerCode
            * matrix.productsPerMicroampere * matrix.sliceWeights.reduce(0, +) * sums.largest
            / scale
    }

    private func corrected(
        _ outcome: MultiplyOutcome, _ inputs: [UInt8], ratio: Double, _ matrix: MappedMatrix
    ) throws -> (products: [Double], plain: [Double], scale: Double) {
        guard let ltm = outcome.ltm else { throw NotAvailable(why: "it sends no LTM sums") }
        let bench = matrix.bench
        let isFixed = bench.technology.isLayerFixed
        let (blocks, polarities, width) = (ltm.shape[1], ltm.shape[2], ltm.shape[3])
        let plain = outcome.products.map(Double.init)
        var products: [Double] = []
        var scale = 0.0
        for vector in 0 ..< Self.batch {
            let sum = inputs[vector * matrix.rows ..< (vector + 1) * matrix.rows]
                .reduce(0) { $0 + Double($1) }
            let reference = outcome.referencePerInput * sum
            for column in 0 ..< matrix.columns {
                let raw = plain[vector * matrix.columns + column] + reference
                scale = max(scale, abs(raw))
                if !isFixed {
                    products.append(raw / ratio - reference)
                } else if matrix.isDifferential {
                    products.append(raw - reference)
                } else {
                    let first = ((vector * blocks + column / bench.columns) * polarities) * width
                    let mean = ltm.products[first ..< first + width].map(Double.init).mean
                    // w = w_L = G_on: ε̂·G_on/(w_L + ε̂·G_on) = (M − 1)/M.
                    products.append(raw - (ratio - 1) / ratio * mean - reference)
                }
            }
        }
        return (products, plain, scale)
    }
}

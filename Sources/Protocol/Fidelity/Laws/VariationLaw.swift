internal import ChipClient
internal import Foundation

/// Chips differ by ε_B, cells of a chip by ε_W: g* = g_t·(1 + ε_B + ε_W).
struct VariationLaw: Law {
    let name = "variation"
    let number = "V-1"

    func concerns(_ bench: Bench) -> Bool {
        bench.technology.betweenChip > 0 && bench.technology.withinChip > 0
    }

    func check(_ bench: Bench, _ record: inout Record) throws {
        let serials = bench.serials
        guard serials.count >= 16 else {
            throw NotAvailable(why: "the daemon serves \(serials.count) chips; it takes 16")
        }
        let cell = bench.technology
        let tile = try bench.freshTile()
        var deviations: [Double] = []
        var withinSquares = 0.0
        for serial in serials {
            try bench.withSibling(serial) { chip in
                let moments = try measure(chip, tile, bench)
                deviations.append(moments.mean)
                withinSquares += moments.deviation * moments.deviation / Double(serials.count)
            }
        }
        let between = Moments(deviations).deviation / cell.betweenChip
        let bounds = Bound.chiSquare(serials.count - 1)
        record.note(
            self, "spread of ε_B over \(serials.count) chips, over σ_B", on: bench,
            expected: (bounds.lowerBound + bounds.upperBound) / 2, measured: between,
            bound: (bounds.upperBound - bounds.lowerBound) / 2, .statistical,
            samples: serials.count, source: "the χ² bounds about 1; Deng & Orshansky 2022")
        record.note(
            self, "mean of ε_B over \(serials.count) chips", on: bench, expected: 0,
            measured: deviations.mean,
            bound: Bound.normal() * cell.betweenChip / Double(serials.count).squareRoot(),
            .statistical, samples: serials.count, source: "N(0, σ_B²)")
        let programming = cell.programmingSpread * cell.onMicrosiemens / cell.middle
        let within = hypot(cell.withinChip, programming)
        record.note(
            self, "spread within a chip: ε_W and σ_p together", on: bench, number: "V-2",
            expected: within, measured: withinSquares.squareRoot(),
            bound: within * Bound.deviation(serials.count * (bench.cells - 1)), .statistical,
            unit: "g_t", samples: serials.count * bench.cells,
            source: "√(σ_W² + (σ_p·G_on/g_t)²)")
        record.draw(
            Chart.Curve(
                name: bench.label,
                law: [(1, 1), (Double(serials.count), 1), (Double(serials.count), -1), (1, -1)].map
                {
                    ($0.0, $0.1 * cell.betweenChip)
                },
                measured: zip(serials, deviations).map { (Double($0), $1) }),
            in: Chart(
                title: "Deviation of each chip (lines: ± σ_B)", xLabel: "serial", yLabel: "ε_B"))
    }

    /// g/g_t − 1 of cells written open loop to the middle of the window.
    private func measure(_ chip: ChipConnection, _ tile: UInt32, _ bench: Bench) throws -> Moments {
        let middle = bench.technology.middle
        var options = ProgramOptions()
        options.method = .openLoop
        options.all = true
        _ = try chip.program(
            tile: tile, conductances: [Float](repeating: Float(middle), count: bench.cells),
            region: bench.wholeTile, options: options)
        return Moments(
            try chip.read(tile: tile, region: bench.wholeTile, repeats: Bench.many).values.map {
                Double($0) / middle - 1
            })
    }
}

internal import Protocol

/// Products through wires are those of every node of the tile.
struct WireLaw: Law {
    let name = "wires"
    let number = "X-1"
    /// The chip's own bound is 1e-5 of an output; Float32 sums come on top.
    private static let bound = 3e-5

    func concerns(_ bench: Bench) -> Bool {
        bench.technology.isQuiet && bench.sheet.wires != WireWires()
    }

    func check(_ bench: Bench, _ record: inout Record) throws {
        let wires = bench.sheet.wires
        guard bench.bank.ltmColumns == 0, wires.driverOhm > 0, wires.senseOhm > 0,
            wires.rowWireOhm > 0, wires.columnWireOhm > 0
        else {
            throw NotAvailable(why: "tiles with LTM columns or with some wires ideal are left out")
        }
        var generator = SeededGenerator(seed: 12)
        let (rows, columns) = (bench.rows, bench.columns)
        let codes = (0 ..< rows * columns).map { _ in
            Int8.random(in: -127 ... 127, using: &generator)
        }
        let inputs = (0 ..< max(rows, columns)).map { _ in
            UInt8.random(in: 0 ... UInt8(bench.inputCodeMax), using: &generator)
        }
        let matrix = try MappedMatrix(
            bench, rows: rows, columns: columns, mapping: .offset, codes: codes)
        for isTransposed in [false, true] {
            let vector = Array(inputs.prefix(isTransposed ? columns : rows))
            var wired = try matrix.currents(vector, isTransposed: isTransposed)
            let without = wired.mean
            let planes = try matrix.conductances()
            for slice in wired.mean.indices {
                let network = NodalNetwork(
                    rows: rows, columns: columns, cells: planes[slice], wires: bench.sheet.wires,
                    isTransposed: isTransposed)
                guard
                    let currents = network.currents(
                        vector.map { Double($0) * matrix.voltsPerCode })
                else { throw NotAvailable(why: "the nodes of its tiles could not be solved") }
                wired.mean[slice] = currents
            }
            let law = matrix.products(wired, inputs: vector, fullScale: 1).map(\.mean)
            var ideal = wired
            ideal.mean = without
            let plain = matrix.products(ideal, inputs: vector, fullScale: 1).map(\.mean)
            let scale = matrix.rawScale(wired)
            let products = try matrix.multiply(vector, batch: 1, isTransposed: isTransposed)
                .products
            let error = zip(products, law).map { abs(Double($0) - $1) }.largest
            let drop = zip(plain, law).map { abs($0 - $1) }.largest
            record.note(
                self,
                "largest error of products through \(rows) × \(columns) cells\(isTransposed ? ", transposed" : ""); "
                    + "they take up to \(Page.number(drop / matrix.rawScale(ideal)))",
                on: bench, expected: 0, measured: error / scale, bound: Self.bound, .tolerance,
                unit: "largest raw sum", samples: products.count,
                source: "Kirchhoff's law at every node, conjugate gradients")
        }
        try matrix.unmap()
    }
}

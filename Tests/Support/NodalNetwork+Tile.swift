package import Physics

extension NodalNetwork {
    package init(
        _ rows: Int, _ columns: Int, _ conductances: [Double], _ r: WireResistances,
        _ direction: ReadDirection = .forward
    ) {
        let forward = direction == .forward
        self.init(
            rows: rows, columns: columns, conductances: conductances,
            rowEnd: forward ? r.driverOhm : r.senseOhm, rowWire: r.rowWireOhm,
            columnWire: r.columnWireOhm, columnEnd: forward ? r.senseOhm : r.driverOhm)
    }

    package func matrix(_ direction: ReadDirection) -> [Double] {
        direction == .forward ? forwardMatrix() : transposedMatrix()
    }
}

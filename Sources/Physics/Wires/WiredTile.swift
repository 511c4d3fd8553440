/// The side of a tile that is driven.
public enum ReadDirection: Sendable, Hashable {
    /// Word lines are driven, bit lines sensed.
    case forward
    /// Bit lines are driven at the end where they are sensed otherwise, through the driver
    /// resistance, and word lines sensed at the end where they are driven otherwise, through the
    /// sense resistance: the drivers and sense amplifiers change sides, wires and cells stay.
    case transposed
}

/// The cells of a tile in their wires.
///
/// - Shape: conductances rows × columns, row-major; tuning columns are columns like the others.
/// - Units: µS.
public struct WiredTile: Sendable {
    public let rows: Int
    public let columns: Int
    public let direction: ReadDirection
    public let resistances: WireResistances
    let network: CrossbarNetwork

    /// - Precondition: conductances are finite and at least 0.
    public init(
        rows: Int, columns: Int, conductances: [Double], resistances: WireResistances,
        direction: ReadDirection = .forward
    ) {
        (self.rows, self.columns) = (rows, columns)
        self.direction = direction
        self.resistances = resistances
        let (driver, sense) = (resistances.driverOhm * 1e-6, resistances.senseOhm * 1e-6)
        let forward = direction == .forward
        let network = CrossbarNetwork(
            rows: rows, columns: columns, conductances: conductances.transposed(rows, columns),
            driver: forward ? driver : sense, rowWire: resistances.rowWireOhm * 1e-6,
            columnWire: resistances.columnWireOhm * 1e-6, sense: forward ? sense : driver)
        self.network = forward ? network : network.mirrored
    }

    public init(
        rows: Int, columns: Int, conductances: [Float], resistances: WireResistances,
        direction: ReadDirection = .forward
    ) {
        self.init(
            rows: rows, columns: columns, conductances: conductances.map(Double.init),
            resistances: resistances, direction: direction)
    }

    /// From the order of the network, inputs the fast index, to that of the cells.
    func atCells(_ values: [Double]) -> [Double] {
        switch direction {
        case .forward: values.transposed(columns, rows)
        case .transposed: values.turned(columns, rows).transposed(columns, rows)
        }
    }

    /// The way back.
    func atNetwork(_ values: [Double]) -> [Double] {
        switch direction {
        case .forward: values.transposed(rows, columns)
        case .transposed: values.transposed(rows, columns).turned(rows, columns)
        }
    }
}

extension Array {
    /// Element (s, f) of `slow` × `fast`, at s·fast + f, goes to f·slow + s.
    func transposed(_ slow: Int, _ fast: Int) -> [Element] {
        precondition(count == fast * slow)
        return [Element](unsafeUninitializedCapacity: count) { target, filled in
            var index = 0
            for f in 0 ..< fast {
                for s in 0 ..< slow {
                    target.initializeElement(at: index, to: self[s * fast + f])
                    index += 1
                }
            }
            filled = count
        }
    }
}

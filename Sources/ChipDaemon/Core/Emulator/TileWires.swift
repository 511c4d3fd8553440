internal import Glibc
package import Physics

package struct WiresKey: Hashable, Sendable {
    package var tile: Int
    package var direction: ReadDirection
}

/// The solved wires of one tile in one direction: M and its noise now and for a while.
///
/// | part of the error of an entry, over the largest entry of its output | at most |
/// |---|---|
/// | course: cubic between exact solutions                             | `courseErrorMax` |
/// | image: held while no conductance changes more                           | `holdErrorMax` |
/// | ageing in Float32, 2e-6, which the cubic makes at most 1.85 times larger | 3.7e-6 |
/// | together                                                                | 1e-5 |
///
/// The noise lies between that of the ends of the span, within 0.1 % of its variance. So the answer
/// depends on when the tile was first used by as much as that and no more.
///
/// - Validity: while no cell of the tile is written.
/// - Cost: six exact solutions for a course with noise, four without; one where nothing drifts, and
///   while the youngest cell is below t₀, where the law has a corner.
/// - Memory: a course 16 bytes a cell of the tile, and 24 for its noise; without drift 4 and 12.
package struct TileWires: Sendable {
    package static let courseErrorMax = 4e-6
    package static let holdErrorMax = 2e-6

    private enum Matrix: Sendable {
        /// Of one instant, for a time.
        case held([Float], since: ChipInstant, holdSeconds: Double)
        /// Over x = ln(age of the youngest cell), programmed at `since`.
        case course(EffectiveMatrixCourse, since: ChipInstant)
    }

    private let matrix: Matrix
    /// Of that instant, or of both ends of the span; empty without read noise.
    private let noise: [WireNoise]

    init(_ solution: WireSolution, at time: ChipInstant, holdSeconds: Double) {
        matrix = .held(
            solution.matrix.values.map { Float($0) }, since: time, holdSeconds: holdSeconds)
        noise = solution.noise.map { [$0] } ?? []
    }

    /// - Parameter solution: the tile at x, with noise if asked.
    init(
        courseFrom start: Double, youngestSince: ChipInstant, driftCoefficientMax: Double,
        hasNoise: Bool, solution: (_ x: Double, _ withNoise: Bool) -> WireSolution
    ) {
        let course = EffectiveMatrixCourse(
            from: start, driftCoefficientMax: driftCoefficientMax,
            tolerance: Self.courseErrorMax
        ) { solution($0, false).matrix }
        matrix = .course(course, since: youngestSince)
        noise =
            hasNoise
            ? [course.span.lowerBound, course.span.upperBound].compactMap {
                solution($0, true).noise
            } : []
    }

    package func covers(_ time: ChipInstant) -> Bool {
        switch matrix {
        case .held(_, let since, let holdSeconds):
            time >= since && time.seconds(since: since) <= holdSeconds
        case .course(let course, let since):
            time > since && course.covers(Self.logarithm(of: time, since: since))
        }
    }

    /// M and its noise on some columns of the rows from 0.
    ///
    /// - Precondition: `covers(time)`.
    func array(
        rows: Int, columns: Range<Int>, bank: BankSpec, direction: ReadDirection,
        at time: ChipInstant
    ) -> WiredArray {
        precondition(covers(time))
        var values: [Float]
        var share: Float = 0
        switch matrix {
        case .held(let held, _, _): values = held
        case .course(let course, let since):
            let x = Self.logarithm(of: time, since: since)
            values = [Float](repeating: 0, count: bank.cellsPerTile)
            course.values(at: x, into: &values)
            let (start, end) = (course.span.lowerBound, course.span.upperBound)
            share = Float((x - start) / (end - start))
        }
        let between =
            noise.count == 2
            ? WireNoise.between(noise[0], noise[1], share: min(max(share, 0), 1)) : noise.first
        return WiredArray(
            rows: rows, columns: columns, tileRows: bank.rows, tileColumns: bank.bitLines,
            direction: direction, matrix: values, noise: between)
    }

    /// x at an instant.
    static func logarithm(of time: ChipInstant, since youngest: ChipInstant) -> Double {
        log(time.seconds(since: youngest))
    }
}

/// The wires of a tile solved once.
struct WireSolution {
    var matrix: EffectiveMatrix
    var noise: WireNoise?

    init(
        _ conductances: [Float], bank: BankSpec, resistances: WireResistances,
        direction: ReadDirection, withNoise: Bool, dead: DeadLines
    ) {
        let tile = WiredTile(
            rows: bank.rows, columns: bank.bitLines, conductances: conductances,
            resistances: resistances, direction: direction)
        matrix = EffectiveMatrix(tile)
        let law = bank.technology.readNoise
        guard withNoise, law != .none else { return }
        noise = WireNoise(
            transfers: CellTransfers(tile, effective: matrix), conductances: conductances,
            noise: law, dead: dead)
    }
}

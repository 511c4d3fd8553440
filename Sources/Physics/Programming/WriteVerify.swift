/// What an operation did to the cells of its call; arrays have one entry a cell, in its order.
public struct WriteVerifyResult: Sendable {
    public var outcomes: [CellOutcome]
    /// Also of cells that the operation's end left half way.
    public var pulses: [UInt32]
    /// Pulses that were open-loop writes.
    public var coarseWrites = 0
    /// Read pulses spent on verification.
    public var verifyReads = 0
    /// Verifications of the cell that took longest.
    public var cycles = 0
}

/// Pulse, read, compare, repeat: closes the loop over variation and programming noise.
///
/// Each cycle of a cell:
///
///     g_read = g + σ(g)/√R·z₀                                          (P-2)
///     |g_read − g_t| ≤ tol·G_on             verified, after `confirmingReads` more of these
///     r(N) = 1                              window closed
///     pulses = pulsesMax                    unverified; stuck or window closed where that is why
///     |g_read − g_t| > coarse·G_on          open-loop write (P-1), s ← s₀; at most three a cell
///     else  g ← max(0, g ± (G_on − G_off(N))·s·f·max(0, 1 + σ_c·z₁))   (P-3)
///           f = (1 − u)^γ₊ (SET) or u^γ₋ (RESET), u = (g − G_off(N))/(G_on − G_off(N)) in [0, 1]
///
/// s starts at s₀, grows by `growth` while the direction stays (at most s_max) and is multiplied
/// by `cut` when it turns (at least s_min).
///
/// Three coarse writes (chosen): a cell whose own deviation takes it out of the coarse band would
/// be written open loop for ever; from then on it is walked there. With σ_p = 0.1 and no deviation
/// one cell in 10⁴ gets that far.
///
/// - Shape: cells of one tile; arrays are row-major over the tile.
/// - Postconditions: a cell without a pulse is unchanged; no cell gets more than pulsesMax.
/// - Random: `DrawField.writeVerify`; cycle c of a cell draws from the block of the cell in event
///   `draws.event + c`: lane 0 the read, lane 1 the pulse, lane 2 the open-loop write.
/// - Source: firmware-specs/device.md (P-2), (P-3).
public struct WriteVerify: Sendable {
    /// Event numbers that one command takes: one a cycle, and a cycle is a pulse, the last read or
    /// a confirming read.
    public static let eventsMax =
        (WriteVerifyParameters.pulsesMaxRange.upperBound + 1)
        * (WriteVerifyParameters.confirmingReadsRange.upperBound + 1)

    private let parameters: WriteVerifyParameters
    private let openLoop: OpenLoopProgramming
    private let noise: ReadNoise
    private let window: WornWindow
    private let step: SoftBoundsStep

    public init(
        technology: CellTechnology, variation: Variation, parameters: WriteVerifyParameters
    ) {
        precondition(WriteVerifyParameters.pulsesMaxRange.contains(parameters.pulsesMax))
        precondition(parameters.verifyReads > 0)
        self.parameters = parameters
        openLoop = OpenLoopProgramming(technology: technology, variation: variation)
        noise = technology.readNoise
        window = WornWindow(technology)
        step = SoftBoundsStep(parameters)
    }

    /// A cell still at work.
    private struct Active {
        var entry: Int32
        var step: Float
        /// +1 after a SET, −1 after a RESET, 0 at the start and after a coarse write.
        var direction: Float
        var coarseWrites = 0
        /// Verifications in band since the last pulse.
        var inBand = 0
    }

    private static let coarseWritesMax = 3

    /// - Parameters:
    ///   - conductances: in: g(t) now, aged by the caller; out: g after the operation.
    ///   - lives: `nil`: no cell of the tile can reach the end of its life in this operation.
    ///   - shouldStop: asked once a cycle; true leaves the cells at work as not attempted.
    public func program(
        cells: [Int32], targets: [Float], deviations: [Float], conductances: inout [Float],
        pulses: inout [UInt32], lives: CellLives? = nil, draws: EventDraws, firstCell: UInt64,
        shouldStop: () -> Bool
    ) -> WriteVerifyResult {
        precondition(cells.count == targets.count)
        precondition(deviations.count == conductances.count)
        precondition(pulses.count == conductances.count)
        var result = WriteVerifyResult(
            outcomes: Array(repeating: .notAttempted, count: cells.count),
            pulses: Array(repeating: 0, count: cells.count))
        var active = cells.indices.map {
            Active(entry: Int32($0), step: Float(parameters.stepFirst), direction: 0)
        }
        let most = (pulses.max() ?? 0).addingReportingOverflow(UInt32(parameters.pulsesMax))
        let window = most.overflow ? self.window : self.window.tabulated(upTo: most.partialValue)
        while !active.isEmpty {
            if shouldStop() { break }
            let normals = draws.later(by: result.cycles).cellNormals(
                .writeVerify, firstCell: firstCell, cells: active.map { cells[Int($0.entry)] })
            var kept = 0
            for index in active.indices {
                var state = active[index]
                let entry = Int(state.entry)
                let cell = Int(cells[entry])
                let outcome = cycle(
                    &state, cell: cell, target: targets[entry], deviation: deviations[cell],
                    conductance: &conductances[cell], seen: &pulses[cell],
                    used: &result.pulses[entry], coarseWrites: &result.coarseWrites,
                    window: window, lives: lives,
                    z: (normals[4 * index], normals[4 * index + 1], normals[4 * index + 2]))
                if let outcome {
                    result.outcomes[entry] = outcome
                } else {
                    active[kept] = state
                    kept += 1
                }
            }
            result.verifyReads += active.count * parameters.verifyReads
            active.removeLast(active.count - kept)
            result.cycles += 1
        }
        return result
    }

    /// One verification and, unless it is in band or ends the work on the cell, one pulse.
    @inline(__always)
    private func cycle(
        _ state: inout Active, cell: Int, target: Float, deviation: Float,
        conductance g: inout Float, seen: inout UInt32, used: inout UInt32,
        coarseWrites: inout Int, window: WornWindow, lives: CellLives?, z: (Float, Float, Float)
    ) -> CellOutcome? {
        let reads = Float(parameters.verifyReads)
        let error = g + noise.deviation(g) / reads.squareRoot() * z.0 - target
        if abs(error) <= Float(parameters.tolerance) * window.on {
            if state.inBand == parameters.confirmingReads { return .verified }
            state.inBand += 1
            return nil
        }
        state.inBand = 0
        let off = window.off(seen)
        if off >= window.on { return .windowClosed }
        if used == UInt32(parameters.pulsesMax) {
            return failure(cell, target: target, off: off, seen: seen, lives)
        }
        used += 1
        if abs(error) > Float(parameters.coarse) * window.on,
            state.coarseWrites < Self.coarseWritesMax
        {
            g = openLoop.landing(
                aim: window.aim(target, seen), deviation: deviation, z: z.2)
            state.step = Float(parameters.stepFirst)
            state.direction = 0
            state.coarseWrites += 1
            coarseWrites += 1
        } else {
            let direction: Float = error < 0 ? 1 : -1
            if direction == state.direction {
                state.step = min(state.step * Float(parameters.growth), Float(parameters.stepMax))
            } else if state.direction != 0 {
                state.step = max(state.step * Float(parameters.cut), Float(parameters.stepMin))
            }
            state.direction = direction
            g = step.pulsed(
                g, direction: direction, step: state.step, on: window.on, off: off, z: z.1)
        }
        seen.count()
        if let stuck = lives?.stuck(cell: cell, seen: seen) { g = stuck }
        return nil
    }

    /// Why the pulses were in vain.
    private func failure(
        _ cell: Int, target: Float, off: Float, seen: UInt32, _ lives: CellLives?
    ) -> CellOutcome {
        if let lives, lives.isStuck(cell: cell, seen: seen) {
            return lives.failsOn(cell: cell) ? .stuckOn : .stuckOff
        }
        return target < off - Float(parameters.tolerance) * window.on ? .windowClosed : .unverified
    }
}

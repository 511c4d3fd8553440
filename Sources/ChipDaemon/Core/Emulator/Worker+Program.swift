import Physics
import Synchronization

extension Worker {
    /// Writes codes to a matrix or conductances to a tile (P-1, P-2).
    mutating func program(
        _ command: ProgramCommand, on next: inout ChipState, recording changes: inout StoreChanges,
        at time: ChipInstant, limits: ChipLimits, work: WorkContext
    ) throws(ChipFault) -> Done {
        try next.checkPower()
        try checkMethod(command.method)
        var plan: ProgramPlan
        switch command.target {
        case .codes(let matrix, let codes):
            plan = try planCodes(codes, of: next.matrix(matrix), command, in: next, limits: limits)
        case .conductances(let tile, let values):
            plan = try planConductances(values, tile: tile, command, in: next, limits: limits)
        }
        var pulsesMax = 1
        if case .writeVerify(let verification) = command.method {
            pulsesMax = plan.bank.technology.writeVerify.with(verification).pulsesMax
            for index in plan.jobs.indices {
                plan.jobs[index].aged = agedConductances(
                    ofTile: plan.jobs[index].tile, in: next, at: time)
            }
        }
        prepare(&plan.jobs, pulsesMax: pulsesMax, in: next)
        let draws = EventDraws(
            serial: serial, event: next.counters.changeEventNext)
        next.counters.changeEventNext += UInt64(WriteVerify.eventsMax)
        let outcomes =
            if case .writeVerify(let verification) = command.method,
                let selection = command.selection
            {
                try runSelected(
                    plan, selection, verification, draws, at: time, work: work)
            } else {
                run(plan.jobs, command.method, draws, at: time, work: work)
            }

        var report = plan.report
        report.cells = plan.jobs.reduce(0) { $0 + $1.cells.count }
        var tally = PulseTally()
        for (job, outcome) in zip(plan.jobs, outcomes) {
            tally.add(outcome)
            report.add(outcome.outcomes)
            report.newlyStuck += newlyStuck(job, outcome.record)
            if command.cellStatus {
                for (index, status) in zip(job.statusIndices, outcome.outcomes) {
                    report.cellStatus[Int(index)] = status.rawValue
                }
            }
            next.adopt(outcome, recording: &changes)
        }
        tally.fill(&report)
        let fault = report.notAttempted > 0 ? work.stop : nil
        if let fault, report.notAttempted == report.cells, tally.pulses == 0 { throw fault }
        var done = Done(result: .programmed(report), cost: plan.cost(spec, tally), fault: fault)
        plan.note(outcomes, codes: command.target, in: &next, recording: &changes)
        if command.readBack {
            done.cost =
                done.cost
                + readBack(
                    command, plan, in: next, draws: draws, at: time, into: &report)
        }
        done.result = .programmed(report)
        return done
    }

    /// Gives the jobs what may stand in the way of a pulse.
    mutating func prepare(_ jobs: inout [TileJob], pulsesMax: Int, in next: ChipState) {
        for index in jobs.indices {
            let bank = jobs[index].bank
            jobs[index].lives = livesWithFaults(
                of: jobs[index].record, after: pulsesMax, bank: bank)
            jobs[index].faults = ProgrammingFaults(next.faults[jobs[index].tile], bank: bank)
        }
    }

    /// 0 stands for the technology's own value; the rest is what the law allows.
    private func checkMethod(_ method: ProgramCommand.Method) throws(ChipFault) {
        guard case .writeVerify(let verification) = method else { return }
        let (tolerance, pulsesMax) = (verification.tolerance, verification.pulsesMax)
        let tolerances = WriteVerifyParameters.toleranceRange
        guard tolerance == 0 || tolerances.contains(tolerance) else {
            throw .field(
                "tolerance", "\(tolerance)", allowed: "0, or \(tolerances)")
        }
        let limit = WriteVerifyParameters.pulsesMaxRange.upperBound
        guard (0 ... limit).contains(pulsesMax) else {
            throw .field("pulses_max", "\(pulsesMax)", allowed: "0 … \(limit)")
        }
        let confirming = WriteVerifyParameters.confirmingReadsRange
        guard confirming.contains(verification.confirmingReads) else {
            throw .field(
                "confirming_reads", "\(verification.confirmingReads)",
                allowed: "\(confirming.lowerBound) … \(confirming.upperBound)")
        }
    }

    /// All jobs, on as many threads as are free, their outcomes in order.
    func run(
        _ jobs: [TileJob], _ method: ProgramCommand.Method, _ draws: EventDraws,
        at time: ChipInstant, work: WorkContext
    ) -> [TileJob.Outcome] {
        let results = Mutex<[TileJob.Outcome?]>(Array(repeating: nil, count: jobs.count))
        let chip = self
        work.split(jobs.count) { index in
            let outcome = jobs[index].run(
                method: method, chip: chip, draws: draws, at: time, work: work)
            results.withLock { $0[index] = outcome }
        }
        return results.withLock { results in
            results.map { outcome in
                guard let outcome else { preconditionFailure("split runs every job") }
                return outcome
            }
        }
    }

    private mutating func readBack(
        _ command: ProgramCommand, _ plan: ProgramPlan, in state: ChipState, draws: EventDraws,
        at time: ChipInstant, into report: inout ProgramReport
    ) -> Cost {
        let reader = PlaneReader(repeats: 1, draws: draws, time: time)
        switch command.target {
        case .codes(let id, _):
            guard let record = state.matrices[id] else {
                preconditionFailure("the matrix was planned for")
            }
            report.readBack = weights(of: record.description, plan.region, reader, in: state)
        case .conductances(let tile, _):
            report.readBack = conductances(ofTile: tile, plan.region, reader, in: state)
        }
        return CostModel(spec, plan.bank).reading(
            cells: plan.region.count * plan.report.slices * plan.report.polarities, repeats: 1)
    }
}

extension CostModel {
    init(_ spec: ChipSpec, _ bank: BankSpec) {
        self.init(cell: bank.technology.cost, periphery: spec.periphery)
    }
}

extension ProgramReport {
    mutating func add(_ outcomes: [CellOutcome]) {
        for outcome in outcomes {
            switch outcome {
            case .skipped: break
            case .written: written += 1
            case .verified: verified += 1
            case .unverified: break
            case .notAttempted: notAttempted += 1
            case .stuckOn: stuckOn += 1
            case .stuckOff: stuckOff += 1
            case .windowClosed: windowClosed += 1
            case .permanentFailure: permanentFailures += 1
            }
            if outcome.isFailure { unverified += 1 }
        }
    }
}

/// Pulses that cells were given, and how many those needed that were done.
struct PulseTally {
    private var histogram: [Int] = []
    private var attempted = 0
    /// Also of cells that the command's end left half way.
    private(set) var pulses = 0
    private(set) var verifyReads = 0

    mutating func add(_ outcome: TileJob.Outcome) {
        verifyReads += outcome.verifyReads
        for (status, pulses) in zip(outcome.outcomes, outcome.pulses) {
            let pulses = Int(pulses)
            self.pulses += pulses
            if status == .notAttempted { continue }
            if pulses >= histogram.count {
                histogram += Array(repeating: 0, count: pulses + 1 - histogram.count)
            }
            histogram[pulses] += 1
            attempted += pulses
        }
    }

    func fill(_ report: inout ProgramReport) {
        let cells = histogram.reduce(0, +)
        guard cells > 0 else { return }
        report.pulsesMean = Double(attempted) / Double(cells)
        report.pulsesMax = histogram.count - 1
        var seen = 0
        for (pulses, count) in histogram.enumerated() {
            seen += count
            if Double(seen) >= 0.99 * Double(cells) {
                report.pulses99thPercentile = pulses
                break
            }
        }
    }
}

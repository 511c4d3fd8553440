import Physics

extension Worker {
    /// Verifies weights in the order of their priority as long as the budget lasts, and writes the
    /// others open loop.
    ///
    /// The budget is never passed: before a round every cell of it is counted with its whole pulse
    /// limit, and every cell after it with the one pulse of an open-loop write. Most cells need a
    /// tenth of their limit, so that the next round has most of the budget again.
    func runSelected(
        _ plan: ProgramPlan, _ selection: ProgramCommand.Selection,
        _ verification: ProgramCommand.Verification, _ draws: EventDraws, at time: ChipInstant,
        work: WorkContext
    ) throws(ChipFault) -> [TileJob.Outcome] {
        guard selection.priority.count == plan.region.count else {
            throw ChipFault(
                .invalidArgument, .tensor, .afterFix,
                "priorities hold \(selection.priority.count) elements; the region "
                    + "\(plan.region.rows) × \(plan.region.columns) needs \(plan.region.count)")
        }
        var merged = plan.jobs.map { MergedOutcome($0) }
        let parameters = plan.bank.technology.writeVerify.with(verification)
        let model = CostModel(spec, plan.bank)
        let worst = model.programming(
            pulses: parameters.pulsesMax,
            verifyReads: (parameters.pulsesMax + 1) * (parameters.confirmingReads + 1)
                * parameters.verifyReads
        ).energyPicojoules
        let written = model.programming(pulses: 1, verifyReads: 0).energyPicojoules
        var pulsesLeft = selection.pulses == 0 ? Double.infinity : Double(selection.pulses)
        var energyLeft = selection.picojoules == 0 ? Double.infinity : selection.picojoules
        var waiting = plan.weights(by: selection.priority)[...]
        var cellsLeft = waiting.reduce(0) { $0 + $1.cells.count }
        guard Double(cellsLeft) <= pulsesLeft, Double(cellsLeft) * written <= energyLeft else {
            throw ChipFault(
                .budgetExhausted, .limit, .afterFix,
                "the budget is \(selection.pulses) pulses and \(selection.picojoules) pJ (0: no "
                    + "limit); one pulse for each cell takes \(cellsLeft) pulses and "
                    + "\(Double(cellsLeft) * written) pJ")
        }
        while !waiting.isEmpty {
            var round: [CellPlace] = []
            var (pulses, energy) = (0.0, 0.0)
            while let weight = waiting.first {
                let cells = weight.cells.count
                let after = Double(cellsLeft - round.count - cells)
                let nextPulses = pulses + Double(cells * parameters.pulsesMax)
                let nextEnergy = energy + Double(cells) * worst
                guard nextPulses + after <= pulsesLeft, nextEnergy + after * written <= energyLeft
                else { break }
                (pulses, energy) = (nextPulses, nextEnergy)
                round += weight.cells
                _ = waiting.popFirst()
            }
            if round.isEmpty { break }
            let spent = run(
                round, .writeVerify(verification), plan, &merged, draws, at: time, work: work)
            pulsesLeft -= Double(spent.pulses)
            energyLeft -=
                model.programming(
                    pulses: spent.pulses, verifyReads: spent.verifyReads
                ).energyPicojoules
            cellsLeft -= round.count
        }
        _ = run(
            waiting.flatMap(\.cells), .openLoop, plan, &merged, draws, at: time, work: work)
        return merged.map(\.outcome)
    }

    private func run(
        _ cells: [CellPlace], _ method: ProgramCommand.Method, _ plan: ProgramPlan,
        _ merged: inout [MergedOutcome], _ draws: EventDraws, at time: ChipInstant,
        work: WorkContext
    ) -> (pulses: Int, verifyReads: Int) {
        let byJob = Dictionary(grouping: cells) { Int($0.job) }.sorted { $0.key < $1.key }
        let parts = byJob.map { job, places in
            plan.jobs[job].part(
                places.map { Int($0.entry) }.sorted(), record: merged[job].outcome.record)
        }
        let outcomes = run(parts, method, draws, at: time, work: work)
        var spent = (pulses: 0, verifyReads: 0)
        for ((job, places), outcome) in zip(byJob, outcomes) {
            merged[job].take(outcome, at: places.map { Int($0.entry) }.sorted())
            spent.pulses += outcome.pulses.reduce(0) { $0 + Int($1) }
            spent.verifyReads += outcome.verifyReads
        }
        return spent
    }
}

/// A cell of a plan: its job, and which of the job's cells.
private struct CellPlace {
    var job: Int32
    var entry: Int32
}

extension ProgramPlan {
    /// The weights that are to be written, each with its cells, the most urgent first; weights of
    /// one priority in the order of the region.
    fileprivate func weights(by priority: [Float]) -> [(weight: Int, cells: [CellPlace])] {
        var cells = [[CellPlace]](repeating: [], count: region.count)
        for (job, work) in jobs.enumerated() {
            for (entry, index) in work.statusIndices.enumerated() {
                cells[Int(index) % region.count].append(
                    CellPlace(job: Int32(job), entry: Int32(entry)))
            }
        }
        return cells.enumerated().filter { !$0.element.isEmpty }
            .map { (weight: $0.offset, cells: $0.element) }
            .sorted {
                (priority[$1.weight], $0.weight) < (priority[$0.weight], $1.weight)
            }
    }
}

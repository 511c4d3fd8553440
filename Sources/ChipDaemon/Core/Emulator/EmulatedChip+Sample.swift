import Physics

extension EmulatedChip {
    public func sample(_ command: SampleCommand, work: WorkContext) throws(ChipFault) -> SampleReply
    {
        let (time, warnings) = time(work.now)
        return try worker.withLock { (worker) throws(ChipFault) in
            var reply =
                switch command {
                case .read(let command): try worker.read(command, at: time, limits: limits)
                case .multiply(let command):
                    try worker.multiply(command, at: time, limits: limits, work: work)
                case .readReference(let repeats):
                    try worker.readReference(repeats: repeats, at: time, work: work)
                }
            reply.warnings = warnings + reply.warnings
            // Not worth a transaction: the totals are stored with the next change or time.
            var counters = worker.state.counters
            counters.spend(reply.cost)
            worker.note(counters)
            desk.withLock { $0.published.counters = counters }
            return reply
        }
    }

    public func simulate(_ command: SimulationCommand, work: WorkContext) throws(ChipFault)
        -> SimulationReply
    {
        switch command {
        case .clockGet: return clockReply(work.now)
        case .clockRate(let rate):
            guard ClockMode.rateRange.contains(rate) else {
                throw .field(
                    "rate", "\(rate)",
                    allowed: "\(ClockMode.rateRange.lowerBound) … \(ClockMode.rateRange.upperBound)"
                )
            }
            return try changeClock(work.now) { $0.set(.rate(rate), at: work.now) }
        case .clockManual: return try changeClock(work.now) { $0.set(.manual, at: work.now) }
        case .clockAdvance(let seconds):
            let clock = desk.withLock { $0.clock }
            guard clock.record.mode == .manual else {
                throw ChipFault(
                    .failedPrecondition, .clockNotManual, .afterFix,
                    "the clock follows the wall clock; set it to manual before advancing it")
            }
            guard clock.canAdvance(seconds: seconds) else {
                throw .field("seconds", "\(seconds)", allowed: "0 … 1e10, chip time below 8e12 s")
            }
            return try changeClock(work.now) { $0.advance(seconds: seconds) }
        case .truth(let tile, let region, let deviations):
            return try truth(tile, region, deviations: deviations, work: work)
        case .fault(let command): return try fault(command, work.now)
        case .mend: return try mend(work.now)
        case .save(let name): return try save(name, work.now)
        case .restore(let name, let source):
            return try restore(name, from: source == 0 ? serial : source, work.now)
        }
    }

    private func clockReply(_ now: HostInstant) -> SimulationReply {
        desk.withLock { desk in
            SimulationReply(result: .clock(desk.clock.record.mode), chipTime: desk.clock.now(now))
        }
    }

    /// The new clock counts once it is stored; until then time stands still, so that nobody is
    /// shown an instant that the new clock has not come to.
    private func changeClock(_ now: HostInstant, _ change: (inout ChipClock) -> Void)
        throws(ChipFault) -> SimulationReply
    {
        try journal.withLock { (_) throws(ChipFault) in
            var clock = desk.withLock { desk in
                desk.clock.hold(at: now)
                return desk.clock
            }
            defer { desk.withLock { $0.clock.run() } }
            clock.run()
            change(&clock)
            var changes = StoreChanges()
            changes.clock = clock.record
            try commit(changes)
            desk.withLock { $0.clock = clock }
        }
        return clockReply(now)
    }

    /// Noise-free conductances: marks the chip's record before it answers.
    private func truth(_ tile: Int, _ region: Region, deviations: Bool, work: WorkContext)
        throws(ChipFault) -> SimulationReply
    {
        let time = desk.withLock { $0.clock.now(work.now) }
        return try worker.withLock { (worker) throws(ChipFault) in
            let bank = try worker.analogBank(ofTile: tile)
            let region = try region.resolved(rows: bank.rows, columns: bank.bitLines)
            if !worker.state.counters.isTruthRevealed {
                var counters = worker.state.counters
                counters.isTruthRevealed = true
                try journal.withLock { (_) throws(ChipFault) in
                    var changes = StoreChanges()
                    changes.counters = counters
                    try commit(changes)
                    desk.withLock { $0.published.counters = counters }
                }
                worker.note(counters)
            }
            let cut = { (values: [Float]) in
                values.rectangle(region, stride: bank.bitLines)
            }
            let aged = worker.agedConductances(ofTile: tile, in: worker.state, at: time)
            return SimulationReply(
                result: .truth(
                    conductances: cut(aged),
                    deviations: deviations ? cut(worker.deviations(ofTile: tile, bank)) : nil,
                    coefficients: deviations
                        ? cut(worker.driftCoefficients(ofTile: tile, bank)) : nil,
                    rows: region.rows, columns: region.columns),
                chipTime: time)
        }
    }
}

extension [Float] {
    func rectangle(_ region: Region, stride: Int) -> [Float] {
        (region.row ..< region.row + region.rows).flatMap { row in
            self[row * stride + region.column ..< row * stride + region.column + region.columns]
        }
    }
}

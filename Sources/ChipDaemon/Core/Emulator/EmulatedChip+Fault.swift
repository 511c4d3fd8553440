import Physics

extension EmulatedChip {
    /// Breaks what the command draws. Nothing drawn leaves the chip, and its store, as they were.
    func fault(_ command: FaultCommand, _ now: HostInstant) throws(ChipFault) -> SimulationReply {
        try worker.withLock { (worker) throws(ChipFault) in
            let (faults, added) = try worker.faults(adding: command, limits: limits)
            if added > 0 { try enter(faults, &worker) }
            return reply(added: added, worker.state, now)
        }
    }

    /// Clears all faults.
    func mend(_ now: HostInstant) throws(ChipFault) -> SimulationReply {
        try worker.withLock { (worker) throws(ChipFault) in
            if !worker.state.faults.isEmpty { try enter([:], &worker) }
            return reply(added: 0, worker.state, now)
        }
    }

    private func enter(_ faults: [Int: FaultRecord], _ worker: inout Worker) throws(ChipFault) {
        try journal.withLock { (_) throws(ChipFault) in
            var changes = StoreChanges()
            changes.faults = faults.values.sorted { $0.tile < $1.tile }
            try commit(changes)
            desk.withLock { $0.published.faults = faults }
        }
        worker.note(faults)
    }

    private func reply(added: Int, _ state: ChipState, _ now: HostInstant) -> SimulationReply {
        SimulationReply(
            result: .faults(added: added, total: state.faults.values.reduce(0) { $0 + $1.count }),
            chipTime: desk.withLock { $0.clock.now(now) })
    }
}

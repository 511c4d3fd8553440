public import Protocol

extension ChipConnection {
    private func unexpected(_ command: String) -> ChipError {
        .badReply(command: command, sentence: "it carries another result")
    }

    public func describe() throws(ChipError) -> WireDescribeResult {
        let answer = try ask(.describe(WireDescribe()))
        guard case .describe(let result) = answer.reply.result else { throw unexpected("describe") }
        return result
    }

    public func status() throws(ChipError) -> WireStatusResult {
        let answer = try ask(.status(WireStatusQuery()))
        guard case .status(let result) = answer.reply.result else { throw unexpected("status") }
        matrixStates = Dictionary(
            result.matrices.map { ($0.matrix, $0) }, uniquingKeysWith: { first, _ in first })
        return result
    }

    public func health() throws(ChipError) -> WireHealthResult {
        let answer = try ask(.health(WireHealthQuery()))
        guard case .health(let result) = answer.reply.result else { throw unexpected("health") }
        return result
    }

    /// What became of this session's command of that number, with its reply.
    public func query(
        sequence: UInt64
    ) throws(ChipError) -> (result: WireQueryResult, answer: Answer) {
        var query = WireQuery()
        query.sequence = sequence
        let answer = try ask(.query(query))
        guard case .query(let result) = answer.reply.result else { throw unexpected("query") }
        return (result, Answer(reply: result.reply, tensors: answer.tensors))
    }

    /// Asks the chip to stop a command between pulses. False: it was not there.
    public func cancel(sequence: UInt64) throws(ChipError) -> Bool {
        var cancel = WireCancel()
        cancel.sequence = sequence
        let answer = try ask(.cancel(cancel))
        guard case .cancel(let result) = answer.reply.result else { throw unexpected("cancel") }
        return result.requested
    }

    /// Turns the chip on or off. What is volatile is lost when it goes off.
    @discardableResult
    public func power(on: Bool) throws(ChipError) -> WirePowerResult {
        var power = WirePower()
        power.on = on
        let answer = try change(.power(power))
        guard case .power(let result) = answer.reply.result else { throw unexpected("power") }
        return result
    }
}

// MARK: - The simulated clock and the truth

extension ChipConnection {
    public func clock() throws(ChipError) -> WireSimulatedClockResult {
        try clock(.get) { _ in }
    }

    /// Chip time follows the wall clock times `rate`.
    @discardableResult
    public func setClock(rate: Double) throws(ChipError) -> WireSimulatedClockResult {
        try clock(.setRate) { $0.rate = rate }
    }

    /// Chip time stands still but for `advanceClock`.
    @discardableResult
    public func setClockManual() throws(ChipError) -> WireSimulatedClockResult {
        try clock(.setManual) { _ in }
    }

    @discardableResult
    public func advanceClock(seconds: Double) throws(ChipError) -> WireSimulatedClockResult {
        try clock(.advance) { $0.seconds = seconds }
    }

    private func clock(
        _ action: WireSimulatedClock.Action, _ fill: (inout WireSimulatedClock) -> Void
    ) throws(ChipError) -> WireSimulatedClockResult {
        var clock = WireSimulatedClock()
        clock.action = action
        fill(&clock)
        let answer = try ask(.simulatedClock(clock))
        guard case .simulatedClock(let result) = answer.reply.result else {
            throw unexpected("clock")
        }
        return result
    }

    /// Breaks parts of the simulated chip, as the request says, or mends all of them.
    @discardableResult
    public func fault(_ fault: WireSimulatedFault) throws(ChipError) -> WireSimulatedFaultResult {
        let answer = try ask(.simulatedFault(fault))
        guard case .simulatedFault(let result) = answer.reply.result else {
            throw unexpected("fault")
        }
        return result
    }

    /// Stores the simulated chip as it is under a name.
    @discardableResult
    public func saveSnapshot(_ name: String) throws(ChipError) -> WireSimulatedSnapshotResult {
        var snapshot = WireSimulatedSnapshot()
        snapshot.name = name
        let answer = try ask(.simulatedSnapshot(snapshot))
        guard case .simulatedSnapshot(let result) = answer.reply.result else {
            throw unexpected("snapshot")
        }
        return result
    }

    /// Makes the simulated chip what it, or another, was when it was saved. Every session is
    /// forgotten, this one too: connect anew before changing the chip.
    @discardableResult
    public func restoreSnapshot(
        _ name: String, fromChip: UInt32 = 0
    ) throws(ChipError) -> WireSimulatedRestoreResult {
        var restore = WireSimulatedRestore()
        restore.name = name
        restore.fromChip = fromChip
        let answer = try ask(.simulatedRestore(restore))
        guard case .simulatedRestore(let result) = answer.reply.result else {
            throw unexpected("restore")
        }
        return result
    }

    /// Noise-free conductances of a tile: for graders. Marks the chip's record.
    public func truth(
        tile: UInt32, region: WireRegion? = nil, deviations: Bool = false
    ) throws(ChipError) -> TruthOutcome {
        var truth = WireSimulatedTruth()
        truth.tile = tile
        if let region { truth.region = region }
        truth.deviations = deviations
        let answer = try ask(.simulatedTruth(truth))
        let expected = deviations ? 3 : 1
        guard answer.tensors.count == expected else {
            throw .badReply(
                command: "truth",
                sentence: "it has \(answer.tensors.count) tensors instead of \(expected)")
        }
        var tensors: [[Float]] = []
        for index in 0 ..< expected { tensors.append(try answer.floats(index, of: "truth")) }
        return TruthOutcome(
            conductances: tensors[0], shape: answer.shape(0),
            deviations: deviations ? tensors[1] : nil,
            driftCoefficients: deviations ? tensors[2] : nil)
    }
}

extension Answer {
    /// The elements of a tensor that must be f32.
    func floats(_ index: Int, of command: String) throws(ChipError) -> [Float] {
        let values = try values(index, of: command)
        guard case .f32(let floats) = values else {
            throw .badReply(
                command: command,
                sentence: "tensor \(index) is \(reply.tensors[index].label) instead of f32")
        }
        return floats
    }

    func values(_ index: Int, of command: String) throws(ChipError) -> TensorValues {
        guard index < tensors.count, index < reply.tensors.count,
            let values = TensorValues(tensors[index], type: reply.tensors[index].type)
        else {
            throw .badReply(command: command, sentence: "tensor \(index) is missing")
        }
        return values
    }

    func shape(_ index: Int) -> [Int] { reply.tensors[index].shape.map(Int.init) }
}

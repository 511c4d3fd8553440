public import Protocol

extension ChipConnection {
    /// Writes the chip's GTM, or with a matrix its LTM columns, open loop to one conductance.
    ///
    /// - Parameter microsiemens: 0: G_on.
    @discardableResult
    public func programReference(ltmOf matrix: UInt32? = nil, microsiemens: Double = 0)
        throws(ChipError) -> ReferenceProgramOutcome
    {
        guard matrix != 0 else { throw .argument("matrix is 0; matrices are numbered from 1") }
        var program = WireReferenceProgram()
        program.matrix = matrix ?? 0
        program.conductanceUs = microsiemens
        let answer = try change(.referenceProgram(program))
        guard case .referenceProgram(let result) = answer.reply.result else {
            throw .badReply(command: "reference.program", sentence: "it carries another result")
        }
        return ReferenceProgramOutcome(result: result, cost: answer.reply.cost)
    }

    /// The summed current of the GTM's cells, mean of `repeats` reads.
    public func readReference(repeats: Int = 1) throws(ChipError) -> ReferenceOutcome {
        guard let count = UInt32(exactly: repeats) else {
            throw .argument("repeats is \(repeats); it is at least 0")
        }
        var read = WireReferenceRead()
        read.repeats = count
        let answer = try perform([Work(command: .referenceRead(read))])[0]
        guard case .referenceRead(let result) = answer.reply.result else {
            throw .badReply(command: "reference.read", sentence: "it carries another result")
        }
        return ReferenceOutcome(
            result: result, cost: answer.reply.cost, chipTimeSeconds: answer.reply.chipTimeS)
    }
}

public struct ReferenceProgramOutcome: Sendable {
    public let result: WireReferenceProgramResult
    public let cost: WireCost
}

public struct ReferenceOutcome: Sendable {
    public let result: WireReferenceReadResult
    public let cost: WireCost
    public let chipTimeSeconds: Double

    /// M, what the chip makes of a conductance: its sum over the nominal one.
    public var ratio: Double { result.sumUa / result.nominalUa }
}

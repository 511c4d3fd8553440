internal import ArgumentParser
internal import ChipClient
internal import Protocol

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds out what became of the command that a session file holds.",
        discussion: "A command that the daemon never saw is sent again.")
    @OptionGroup var target: Target

    func validate() throws { try target.requireSession() }

    func run() throws {
        let chip = try target.connect()
        switch try chip.resume() {
        case .nothing:
            try target.show(json: "{}", ["no command was under way"])
        case .answered(let answer):
            let reply = answer.reply
            let end = reply.hasError ? "failed: \(reply.error.message)" : "was carried out"
            try target.show(
                json: Codec.json(reply), ["the command with number \(reply.sequence) \(end)"])
        case .forgotten(let sequence):
            var query = WireQueryResult()
            query.state = .doneForgotten
            query.sequenceLast = sequence
            try target.show(
                json: Codec.json(query),
                [
                    "the command with number \(sequence) was carried out; the daemon no longer "
                        + "keeps its answer"
                ])
        }
    }
}

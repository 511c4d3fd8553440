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
        guard let answer = try chip.resume() else {
            return target.show(json: "{}", ["no command was under way"])
        }
        let reply = answer.reply
        let end = reply.hasError ? "failed: \(reply.error.message)" : "was carried out"
        target.show(
            json: Codec.json(reply), ["the command with number \(reply.sequence) \(end)"])
    }
}

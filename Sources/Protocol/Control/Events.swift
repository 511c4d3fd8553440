internal import ArgumentParser
internal import ChipClient
internal import Program
internal import Protocol

struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints events as they come, until it is interrupted.")
    @OptionGroup var target: Target
    @Option(help: "End after so many events, at least 1.") var count: Int?
    @Option(name: .customLong("topic"), help: "Only topics that begin so: programmed, lease.1 …")
    var topics: [String] = []

    func validate() throws {
        if let count, count < 1 {
            throw ValidationError("--count is \(count); it is at least 1")
        }
    }

    func run() throws {
        let chip = try target.connect()
        let stream = try EventStream(endpoint: chip.endpoints.events, topics: topics)
        var left = count ?? Int.max
        while left > 0 {
            guard let notice = try stream.next(timeoutMilliseconds: -1) else { continue }
            left -= 1
            if notice.restarted { Terminal.error("chipctl: the daemon was restarted") }
            if notice.missed > 0 {
                Terminal.error("chipctl: \(notice.missed) events of this topic were lost")
            }
            let event = notice.event
            if target.json {
                try Terminal.print([Codec.json(event)])
            } else {
                try Terminal.print([
                    "\(event.topic)  #\(event.number)  \(Format.seconds(event.chipTimeS))  "
                        + event.text
                ])
            }
        }
    }
}

internal import ArgumentParser
internal import ChipClient
internal import Protocol

struct Lease: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The exclusive right to change the chip.",
        discussion: """
            A lease belongs to a session: to take one that outlives the call, give \
            --session FILE, and the same file to the calls that use it.
            """,
        subcommands: [Acquire.self, Renew.self, Release.self, Break.self, Show.self])

    static func show(_ grants: [WireLeaseGrant], json: Bool) {
        if json {
            var result = WireLeaseResult()
            result.grants = grants
            return Terminal.print([Codec.json(result)])
        }
        var table = Table(["chip", "epoch", "term"])
        for grant in grants {
            table.add([
                "\(grant.chip)", "\(grant.epoch)",
                grant.termMs == 0 ? "none" : Format.seconds(Double(grant.termMs) / 1e3),
            ])
        }
        Terminal.print(table.lines)
    }

    static func requireSession(_ target: Target) throws {
        guard target.session != nil else {
            throw ValidationError("give --session FILE: a lease belongs to a session")
        }
    }

    struct Acquire: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes the lease.")
        @OptionGroup var target: Target
        @Option(help: ArgumentHelp("Term in seconds.", valueName: "s")) var term: UInt32 = 60

        func validate() throws { try Lease.requireSession(target) }

        func run() throws {
            try target.run { chip in
                let grants = try chip.acquireLease(
                    termMilliseconds: try Lease.milliseconds(term), renews: false)
                Lease.show(grants, json: target.json)
            }
        }
    }

    struct Renew: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Begins the term anew.")
        @OptionGroup var target: Target
        @Option(help: ArgumentHelp("Term in seconds.", valueName: "s")) var term: UInt32 = 60

        func validate() throws { try Lease.requireSession(target) }

        func run() throws {
            try target.run { chip in
                let grants = try chip.renewLease(termMilliseconds: try Lease.milliseconds(term))
                Lease.show(grants, json: target.json)
            }
        }
    }

    struct Release: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Gives the lease back.")
        @OptionGroup var target: Target

        func validate() throws { try Lease.requireSession(target) }

        func run() throws {
            try target.run { chip in
                try chip.releaseLease()
                if !target.json { Terminal.print(["the lease of chip \(chip.chip) is given back"]) }
            }
        }
    }

    struct Break: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends any host's lease.")
        @OptionGroup var target: Target

        func run() throws {
            try target.run { chip in Lease.show(try chip.breakLease(), json: target.json) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Who holds it, and how long.")
        @OptionGroup var target: Target

        func run() throws {
            try target.run { chip in
                let lease = try chip.status().lease
                Terminal.print([target.json ? Codec.json(lease) : Status.lease(lease)])
            }
        }
    }

    fileprivate static func milliseconds(_ seconds: UInt32) throws -> UInt32 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        guard !overflow, seconds > 0 else {
            throw ChipError.argument("--term is \(seconds); it is 1 to 4294967 seconds")
        }
        return product
    }
}

enum Switch: String, ExpressibleByArgument, CaseIterable {
    case on, off
}

struct Power: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turns the chip on or off; what is volatile is lost.",
        discussion: "Takes the lease, switches, and gives the lease back.")
    @OptionGroup var target: Target
    @Argument(help: "on or off") var state: Switch

    func run() throws {
        try target.run { chip in
            let result = try chip.withLease { () throws(ChipError) in
                try chip.power(on: state == .on)
            }
            if target.json { return Terminal.print([Codec.json(result)]) }
            let lost = result.matricesLost > 0 ? ", \(result.matricesLost) matrices lost" : ""
            Terminal.print(["the chip is \(result.on ? "on" : "off")\(lost)"])
        }
    }
}

struct Clock: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The simulated clock of the chip.",
        subcommands: [Get.self, Rate.self, Manual.self, Advance.self])

    static func show(_ clock: WireSimulatedClockResult, json: Bool) {
        if json { return Terminal.print([Codec.json(clock)]) }
        Terminal.print(
            Table.pairs([
                ("mode", clockText(clock.mode, clock.rate)),
                ("chip time", "\(Format.seconds(clock.chipTimeS)) (\(clock.chipTimeS) s)"),
            ]))
    }

    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows mode and chip time.")
        @OptionGroup var target: Target
        func run() throws {
            try target.run { chip in Clock.show(try chip.clock(), json: target.json) }
        }
    }

    struct Rate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets chip time follow the wall clock times a rate.")
        @OptionGroup var target: Target
        @Argument(help: "Seconds of chip time a second, 0 … 1e9.") var rate: Double
        func run() throws {
            try target.run { chip in
                Clock.show(try chip.setClock(rate: rate), json: target.json)
            }
        }
    }

    struct Manual: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets chip time stand still but for `advance`.")
        @OptionGroup var target: Target
        func run() throws {
            try target.run { chip in Clock.show(try chip.setClockManual(), json: target.json) }
        }
    }

    struct Advance: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Moves chip time forward.")
        @OptionGroup var target: Target
        @Argument(help: "Seconds of chip time.") var seconds: Double
        func run() throws {
            try target.run { chip in
                Clock.show(try chip.advanceClock(seconds: seconds), json: target.json)
            }
        }
    }
}

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds out what became of the command that a session file holds.",
        discussion: "A command that the daemon never saw is sent again.")
    @OptionGroup var target: Target

    func validate() throws { try Lease.requireSession(target) }

    func run() throws {
        try target.run { chip in
            guard let answer = try chip.resume() else {
                return Terminal.print([target.json ? "{}" : "no command was under way"])
            }
            if target.json { return Terminal.print([Codec.json(answer.reply)]) }
            let reply = answer.reply
            let end = reply.hasError ? "failed: \(reply.error.message)" : "was carried out"
            Terminal.print(["the command with number \(reply.sequence) \(end)"])
        }
    }
}

struct KeyGen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen", abstract: "Makes a CURVE key pair for tcp.",
        discussion: "Prints the public key; the secret key goes into FILE, readable by its owner.")
    @Argument(help: "File for the secret key; it must not exist.") var file: String

    func run() throws {
        do {
            let keys = try CurveKeys.generate()
            try KeyFile.create(file, secret: keys.secret)
            Terminal.print([keys.publicKey.text])
        } catch let error as ZMQError {
            throw Failure.end(Failure.unavailable, error.description)
        }
    }
}

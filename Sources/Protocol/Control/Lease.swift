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

    /// How long a lease is to hold.
    struct Term: ParsableArguments {
        @Option(help: ArgumentHelp("Term in seconds, at most 4294967.", valueName: "s"))
        var term: UInt32 = 60

        var milliseconds: UInt32 { term * 1_000 }

        func validate() throws {
            guard (1 ... UInt32.max / 1_000).contains(term) else {
                throw ValidationError("--term is \(term); it is 1 to 4294967 seconds")
            }
        }
    }

    private static func show(_ grants: [WireLeaseGrant], _ target: Target) throws {
        var result = WireLeaseResult()
        result.grants = grants
        var table = Table(["chip", "epoch", "term"])
        for grant in grants {
            table.add([
                "\(grant.chip)", "\(grant.epoch)",
                grant.termMs == 0 ? "none" : Format.seconds(Double(grant.termMs) / 1e3),
            ])
        }
        try target.show(json: Codec.json(result), table.lines)
    }

    struct Acquire: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes the lease.")
        @OptionGroup var target: Target
        @OptionGroup var term: Term

        func validate() throws { try target.requireSession() }

        func run() throws {
            try Lease.show(
                try target.connect().acquireLease(
                    termMilliseconds: term.milliseconds, renews: false), target)
        }
    }

    struct Renew: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Begins the term anew.")
        @OptionGroup var target: Target
        @OptionGroup var term: Term

        func validate() throws { try target.requireSession() }

        func run() throws {
            try Lease.show(
                try target.connect().renewLease(termMilliseconds: term.milliseconds), target)
        }
    }

    struct Release: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Gives the lease back.")
        @OptionGroup var target: Target

        func validate() throws { try target.requireSession() }

        func run() throws {
            let chip = try target.connect()
            try chip.releaseLease()
            try target.show(json: "{}", ["the lease of chip \(chip.chip) is given back"])
        }
    }

    struct Break: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends any host's lease.")
        @OptionGroup var target: Target

        func run() throws {
            try Lease.show(target.connect().breakLease(), target)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Who holds it, and how long.")
        @OptionGroup var target: Target

        func run() throws {
            let lease = try target.connect().status().lease
            try target.show(json: Codec.json(lease), [Status.lease(lease)])
        }
    }
}

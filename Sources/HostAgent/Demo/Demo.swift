internal import Foundation
public import Protocol

/// The product's demonstration: a network on five chips, from programming to
/// adaptation.
public struct Demo {
    public struct Settings: Sendable {
        public var daemon: String
        public var spec: String
        public var serials: [UInt32] = [1, 2, 3, 4, 5]
        /// Where the daemon listens, an ipc endpoint; `nil`: in its temporary folder.
        public var endpoint: Endpoint?
        /// A trained network; `nil`: train one.
        public var checkpoint: String?
        /// `nil`: the first layer, the cheapest.
        public var layer: String?
        public var adaptationImages = 512
        public var seed: UInt64 = 1
        /// The command line, for the report.
        public var command = "demo"

        public init(daemon: String, spec: String) {
            self.daemon = daemon
            self.spec = spec
        }
    }

    public enum Failure: StatusError {
        case stateChanged(chip: UInt32, before: String, after: String)

        public var description: String {
            switch self {
            case .stateChanged(let chip, let before, let after):
                "chip \(chip) came back from SIGKILL with another state: \(before) before, \(after) after"
            }
        }

        public var exitStatus: ExitStatus { .software }
    }

    /// Numbers for the plots, beside the table.
    public struct Measurements: Sendable {
        /// Of the first chip's cells after write-verify, µS.
        public var conductances: [Double] = []
        /// (read − target)/G_on of the first chip's cells.
        public var openLoopErrors: [Double] = []
        public var writeVerifyErrors: [Double] = []
        public var onConductance = 0.0
        public var offConductance = 0.0
        public var levels = 0

        public init() {}
    }

    /// Ages of the table: name and seconds since programming.
    package static let ages: [(name: String, seconds: Double)] = [
        ("after a day", 86_400), ("after a month", 30 * 86_400), ("after a year", 365 * 86_400),
    ]
    /// Read pulses averaged for a histogram.
    static let readRepeats = 16

    private let settings: Settings
    private let say: (String) -> Void

    public init(_ settings: Settings, say: @escaping (String) -> Void = { _ in }) {
        self.settings = settings
        self.say = say
    }

    public func run() throws -> (result: DemoResult, measurements: Measurements) {
        let start = ContinuousClock.now
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("nvcim-demo-\(getpid())").path
        guard mkdir(folder, 0o700) == 0 else {
            throw DataError.unwritable(file: folder, code: errno)
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let endpoint = try settings.endpoint ?? Endpoint(parsing: "ipc://\(folder)/chip")
        let daemon = DaemonProcess(
            path: settings.daemon, spec: settings.spec, folder: folder, endpoint: endpoint,
            serials: settings.serials)
        defer { daemon.stop() }
        let running = daemon.running
        let interruption = try Interruption.register {
            running.endForGood { try? FileManager.default.removeItem(atPath: folder) }
        }
        defer { interruption.end() }
        say("starting the chip daemon with chips \(DaemonProcess.text(settings.serials))")
        try daemon.start()

        let trained = try trainedNetwork()
        let sessions = try connect(endpoint)
        let firmware = sessions[0].firmware
        let bench = try DemoBench(
            network: trained.checkpoint.network, scales: trained.checkpoint.scales,
            split: trained.split, sessions: sessions)
        try bench.stopClocks()
        try bench.evaluateDigitally()

        say("programming open loop")
        try bench.deploy(.openLoop, stage: "on chip, programmed open loop")
        say("programming by write-verify")
        try bench.reprogram(.writeVerify, stage: DemoStage.writeVerify)
        var age = 0.0
        for (name, seconds) in Self.ages {
            say(name)
            try bench.advance(seconds: seconds - age)
            age = seconds
            try bench.evaluate(stage: name)
        }

        say("killing the daemon, starting it again")
        let before = try bench.digests()
        daemon.kill()
        try daemon.start()
        bench.reconnect(try connect(endpoint))
        let after = try bench.digests()
        for (index, serial) in settings.serials.enumerated() where before[index] != after[index] {
            throw Failure.stateChanged(chip: serial, before: before[index], after: after[index])
        }
        try bench.evaluate(stage: DemoStage.restarted)

        let layer = settings.layer ?? trained.checkpoint.network.matrixLayers[0].name
        say("adapting \(layer)")
        try bench.adapt(
            FineTuning(layers: [layer], seed: settings.seed), images: settings.adaptationImages,
            stage: DemoStage.adapted)
        let result = bench.result(
            chips: settings.serials, digests: after, layer: layer,
            images: settings.adaptationImages,
            provenance: provenance(trained.plan, firmware: firmware),
            seconds: (ContinuousClock.now - start) / .seconds(1))
        return (result, bench.measurements)
    }

    private func connect(_ endpoint: Endpoint) throws -> [WireChipSession] {
        try settings.serials.map { try WireChipSession(endpoint: endpoint.description, chip: $0) }
    }

    private struct Trained {
        let checkpoint: Checkpoint
        let split: DataSplit
        /// `nil`: trained by another command.
        var plan: TrainingPlan?
    }

    private func trainedNetwork() throws -> Trained {
        if let path = settings.checkpoint {
            say("loading \(path)")
            let checkpoint = try Checkpoint(contentsOf: path)
            return Trained(
                checkpoint: checkpoint,
                split: try DataLocation.embeddedDigits.load(for: checkpoint.network))
        }
        say("training on the embedded digits")
        var plan = try TrainingPlan.default(for: "lenet-8x8")
        plan.seed = settings.seed
        // The plan is fixed: no image needs to be held out to choose it.
        let result = try TrainingRun(
            model: "lenet-8x8", data: .embeddedDigits, holdOut: 0, plan: plan,
            command: settings.command
        ).run()
        return Trained(checkpoint: result.checkpoint, split: result.split, plan: plan)
    }

    private func provenance(_ plan: TrainingPlan?, firmware: String) -> DemoProvenance {
        var lines = [
            DemoProvenance.Line("command", settings.command),
            DemoProvenance.Line("seed", "\(settings.seed)"),
            DemoProvenance.Line(
                "versions",
                "hostagent \(version), chip \(firmware), libtorch \(TorchRuntime.version) "
                    + "(\(TorchRuntime.threads) threads)"),
            DemoProvenance.Line("spec", settings.spec),
        ]
        if let plan {
            lines.append(
                DemoProvenance.Line(
                    "training",
                    "\(plan.epochs) epochs in batches of \(plan.batch), Adam from rate "
                        + "\(plan.rate) along half a cosine, weight noise \(plan.noise), images "
                        + "moved by up to \(plan.shift) pixels"))
        } else if let path = settings.checkpoint {
            lines.append(DemoProvenance.Line("checkpoint", path))
        }
        lines.append(
            DemoProvenance.Line(
                "chip",
                "8-bit weights and inputs, ADC ranges from \(DemoBench.calibrationImages) training "
                    + "images, manual clock"))
        return DemoProvenance(lines: lines)
    }
}

internal import ChipClient

/// A law of firmware-specs/device.md, or a promise of the wire, that a running chip is held to.
protocol Law: Sendable {
    /// As `--only` takes it.
    var name: String { get }
    /// Its number in firmware-specs/device.md, or the section of firmware-specs/wire.md.
    var number: String { get }
    /// Whether it can only be had where the clock, snapshots or faults are simulated.
    var needsSimulation: Bool { get }
    /// Whether it must know of every pulse that its cells have seen.
    var needsFreshCells: Bool { get }
    /// Whether the law says something of such a bank.
    func concerns(_ bench: Bench) -> Bool
    func check(_ bench: Bench, _ record: inout Record) throws
}

extension Law {
    var needsSimulation: Bool { false }
    var needsFreshCells: Bool { false }
    func concerns(_ bench: Bench) -> Bool { !bench.technology.isStudy }
}

/// A law that cannot be checked on a chip, and why.
struct NotAvailable: Error {
    let why: String
}

/// Every law, in the order in which a chip sees them: what ages it comes last.
let laws: [any Law] = [
    DataSheetLaw(), OpenLoopLaw(), LevelLaw(), WriteVerifyLaw(), SelectionLaw(), ReadNoiseLaw(),
    RepeatedReadLaw(),
    WindowLaw(), TrainLaw(), WornLevelLaw(), ClosedWindowLaw(), LifeLaw(), ProductLaw(), DACLaw(),
    ADCLaw(),
    EncodingLaw(), CostLaw(), DigitalLaw(), ExactlyOnceLaw(), SnapshotLaw(), VariationLaw(),
    GTMLaw(),
    VariationModelLaw(), CorrectionLaw(), WireLaw(),
    ComponentLaw(), DriftLaw(),
]

/// Checks laws on benches.
struct Examination {
    let laws: [any Law]
    var record = Record()
    var progress: (String) -> Void = { _ in }

    mutating func run(_ bench: Bench) throws {
        for law in laws where law.concerns(bench) {
            progress("\(bench.label)  \(law.name)")
            try run(law, bench)
        }
    }

    private mutating func run(_ law: some Law, _ bench: Bench) throws {
        func unavailable(_ why: String) {
            record.unavailable(
                law, on: bench.label, technology: bench.technology.name, why: why)
        }
        guard bench.isSimulated || !law.needsSimulation else {
            return unavailable("the daemon does not announce simulation-controls")
        }
        guard bench.isFresh || !law.needsFreshCells else {
            return unavailable("the chip was worn before, and no command tells how much a cell was")
        }
        do {
            try law.check(bench, &record)
        } catch let error as NotAvailable {
            unavailable(error.why)
        } catch ChipError.refused(let refusal) {
            record.refused(law, on: bench, sentence: refusal.description)
        }
    }

    /// Says of each law that no bank was there for it.
    mutating func close() {
        let met = Set(record.findings.map(\.law))
        for law in laws where !met.contains(law.name) {
            record.unavailable(
                law, on: "–", technology: "–", why: "no chip was given that it concerns")
        }
    }
}

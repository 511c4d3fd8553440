/// One row of the demonstration's table.
public struct DemoStage: Codable, Sendable {
    public let name: String
    /// Of each chip, 0 … 1; a digital figure has one.
    public let accuracies: [Double]
    /// Mean over the chips of what the stage cost: programming, if it programs,
    /// and the test images through the chip. `nil`: digital.
    public let cost: ChipCost?

    /// Names of the stages that others are compared with.
    package static let integers = "digital, 8-bit integers"
    package static let writeVerify = "on chip, write-verify"
    package static let restarted = "killed (SIGKILL) and restarted"
    package static let adapted = "after adaptation on the chip"

    public init(name: String, accuracies: [Double], cost: ChipCost?) {
        self.name = name
        self.accuracies = accuracies
        self.cost = cost
    }

    public var mean: Double { accuracies.reduce(0, +) / Double(max(1, accuracies.count)) }
    public var low: Double { accuracies.min() ?? 0 }
    public var high: Double { accuracies.max() ?? 0 }
    var range: String {
        accuracies.count < 2
            ? "" : "\(Format.decimal(low * 100, 1)) – \(Format.decimal(high * 100, 1))"
    }
}

extension [DemoStage] {
    /// - Precondition: there is one.
    func named(_ name: String) -> DemoStage {
        guard let stage = first(where: { $0.name == name }) else {
            preconditionFailure("there is no stage '\(name)'")
        }
        return stage
    }
}

/// What a run was made of: enough to repeat it.
public struct DemoProvenance: Codable, Sendable {
    public struct Line: Codable, Sendable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public let lines: [Line]

    public init(lines: [Line]) { self.lines = lines }
}

/// What the demonstration found.
public struct DemoResult: Codable, Sendable {
    public let model: String
    public let testImages: String
    public let chips: [UInt32]
    public let spec: String
    public let technology: String
    public let stages: [DemoStage]
    /// Of each chip before the kill, 32 hexadecimal digits; the same after it.
    public let stateDigests: [String]
    public let adaptedLayer: String
    public let adaptationImages: Int
    /// Share of what drift had cost that adaptation won back; `nil`: nothing lost.
    public let wonBack: Double?
    /// Mean over the chips.
    public let adaptationCost: ChipCost
    public let provenance: DemoProvenance
    public let seconds: Double

    public init(
        model: String, testImages: String, chips: [UInt32], spec: String, technology: String,
        stages: [DemoStage], stateDigests: [String], adaptedLayer: String, adaptationImages: Int,
        wonBack: Double?, adaptationCost: ChipCost, provenance: DemoProvenance, seconds: Double
    ) {
        self.model = model
        self.testImages = testImages
        self.chips = chips
        self.spec = spec
        self.technology = technology
        self.stages = stages
        self.stateDigests = stateDigests
        self.adaptedLayer = adaptedLayer
        self.adaptationImages = adaptationImages
        self.wonBack = wonBack
        self.adaptationCost = adaptationCost
        self.provenance = provenance
        self.seconds = seconds
    }

    /// The spec, and where it is called otherwise the technology.
    var kind: String { spec == technology ? spec : "\(spec) (\(technology))" }

    /// The table and what is to be said of it.
    public var text: String {
        let header = ["", "accuracy", "min – max", "pulses", "energy", "latency"]
        let rows = stages.map {
            [
                $0.name, Format.percent($0.mean), $0.range,
                $0.cost.map { Format.count($0.pulses) } ?? "",
                $0.cost.map { Format.energy(picojoules: $0.energyPicojoules) } ?? "",
                $0.cost.map { Format.latency(nanoseconds: $0.latencyNanoseconds) } ?? "",
            ]
        }
        return
            ([
                "\(model), \(testImages), \(chips.count) chip\(chips.count == 1 ? "" : "s") of \(spec)",
                "", Format.table([header] + rows), "",
            ] + remarks).joined(separator: "\n")
    }

    /// Sentences below the table.
    public var remarks: [String] {
        [
            "Pulses, energy and latency are simulated, a chip's mean: programming where the stage "
                + "programs, and the test images.",
            "Killed with SIGKILL and started again: the state digest of every chip is the same as before.",
            adaptationRemark,
        ]
    }

    private var adaptationRemark: String {
        let cost =
            "\(adaptationImages) training images, \(Format.count(adaptationCost.pulses)) pulses, "
            + "\(Format.energy(picojoules: adaptationCost.energyPicojoules)), "
            + Format.latency(nanoseconds: adaptationCost.latencyNanoseconds)
        guard let wonBack else {
            return "Adaptation of \(adaptedLayer) (\(cost)): drift had cost nothing."
        }
        return "Adaptation of \(adaptedLayer) on the chip (\(cost)) won back "
            + "\(Format.decimal(wonBack * 100, 0)) % of what drift had cost."
    }
}

extension Format {
    /// Columns as wide as their widest cell, the first one to the left, the
    /// others to the right.
    static func table(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        return rows.map { row in
            let line = row.enumerated().map { column, cell in
                let pad = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + pad : pad + cell
            }.joined(separator: "   ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}

public import Protocol

/// What a `program` did, over all the commands that it was split into.
public struct ProgramOutcome: Sendable {
    /// Counts are sums, `pulsesMean` is the mean over attempted cells, `pulsesP99`
    /// and `pulsesMax` are the largest of the parts.
    public internal(set) var result = WireProgramResult()
    /// The deviation pass: one read of each weight after the write, row-major over
    /// the region.
    public internal(set) var readBack: [Float]?
    /// `CellStatus` of each cell, [slices, polarities, rows, columns] of the region.
    public internal(set) var cellStatus: [UInt8]?
    public internal(set) var cost = WireCost()
    public internal(set) var warnings: [String] = []
    /// Commands that it took.
    public internal(set) var commands = 0
    /// Whether a reply was the stored one of an earlier request.
    public internal(set) var replayed = false

    /// Adds one command's result. `attempted` counts the cells that saw pulses.
    mutating func add(_ answer: Answer, _ part: WireProgramResult) {
        func attempted(_ r: WireProgramResult) -> Double {
            Double(r.written + r.verified + r.unverified)
        }
        let before = attempted(result)
        let now = attempted(part)
        if before + now > 0 {
            result.pulsesMean =
                (result.pulsesMean * before + part.pulsesMean * now) / (before + now)
        }
        result.cells += part.cells
        result.written += part.written
        result.verified += part.verified
        result.unverified += part.unverified
        result.notAttempted += part.notAttempted
        result.stuckOn += part.stuckOn
        result.stuckOff += part.stuckOff
        result.windowClosed += part.windowClosed
        result.permanent += part.permanent
        result.pulsesP99 = max(result.pulsesP99, part.pulsesP99)
        result.pulsesMax = max(result.pulsesMax, part.pulsesMax)
        cost.add(answer.reply.cost)
        warnings += answer.reply.warnings
        commands += 1
        replayed = replayed || answer.reply.replayed
    }
}

public struct ReadOutcome: Sendable {
    public let values: [Float]
    public let shape: [Int]
    public let unit: WireTensor.Unit
    public let repeats: Int
    public let cost: WireCost
    public let chipTimeSeconds: Double
}

/// The products of a batch: batch × outputs, row-major.
public struct MultiplyOutcome: Sendable {
    /// i32 codes, or f32 products.
    public let values: TensorValues
    public let batch: Int
    public let outputs: Int
    /// The product that one code stands for, in weight code × input code.
    public let lsb: Double
    public let conversions: UInt64
    public let clipped: UInt64
    /// Product that was subtracted from each output for a unit of its vector's sum.
    public let referencePerInput: Double
    public let ltm: LTMOutcome?
    public let cost: WireCost
    public let warnings: [String]
    public let chipTimeSeconds: Double

    /// The products on the scale weight code × input code.
    public var products: [Float] {
        switch values {
        case .f32(let values): return values
        case .i32(let codes):
            let scale = lsb
            return codes.map { Float(Double($0) * scale) }
        default: return values.floats
        }
    }

    /// One outcome of batches that follow each other.
    static func joined(_ parts: [MultiplyOutcome]) -> MultiplyOutcome {
        precondition(!parts.isEmpty)
        guard parts.count > 1 else { return parts[0] }
        var cost = WireCost()
        var conversions: UInt64 = 0
        var clipped: UInt64 = 0
        var warnings: [String] = []
        for part in parts {
            cost.add(part.cost)
            conversions += part.conversions
            clipped += part.clipped
            for warning in part.warnings where !warnings.contains(warning) {
                warnings.append(warning)
            }
        }
        let allCodes = parts.allSatisfy {
            if case .i32 = $0.values { $0.lsb == parts[0].lsb } else { false }
        }
        let values: TensorValues =
            if allCodes {
                .i32(
                    parts.flatMap { part -> [Int32] in
                        if case .i32(let codes) = part.values { codes } else { [] }
                    })
            } else {
                .f32(parts.flatMap(\.products))
            }
        return MultiplyOutcome(
            values: values, batch: parts.reduce(0) { $0 + $1.batch }, outputs: parts[0].outputs,
            lsb: parts[0].lsb, conversions: conversions, clipped: clipped,
            referencePerInput: parts[0].referencePerInput,
            ltm: LTMOutcome.joined(parts.compactMap(\.ltm)), cost: cost, warnings: warnings,
            chipTimeSeconds: parts[parts.count - 1].chipTimeSeconds)
    }
}

/// Sums of the LTM columns on the scale of the products, nothing subtracted.
///
/// - Shape: batch × column blocks × polarities × LTM columns, row-major.
public struct LTMOutcome: Sendable {
    public let products: [Float]
    public let shape: [Int]
    public let clipped: UInt64

    /// `nil`: none was asked for.
    static func joined(_ parts: [LTMOutcome]) -> LTMOutcome? {
        guard let first = parts.first else { return nil }
        precondition(parts.allSatisfy { $0.shape[1...] == first.shape[1...] })
        return LTMOutcome(
            products: parts.flatMap(\.products),
            shape: [parts.reduce(0) { $0 + $1.shape[0] }] + first.shape[1...],
            clipped: parts.reduce(0) { $0 + $1.clipped })
    }
}

public struct TruthOutcome: Sendable {
    /// Noise-free conductances now, in µS.
    public let conductances: [Float]
    public let shape: [Int]
    /// ε of each cell and its drift coefficient, where asked for.
    public let deviations: [Float]?
    public let driftCoefficients: [Float]?
}

extension WireCost {
    /// Adds the cost of a command that came after.
    public mutating func add(_ other: WireCost) {
        latencyNs += other.latencyNs
        energyPj += other.energyPj
        pulses += other.pulses
        for part in other.parts {
            if let index = parts.firstIndex(where: { $0.component == part.component }) {
                parts[index].latencyNs += part.latencyNs
                parts[index].energyPj += part.energyPj
            } else {
                parts.append(part)
            }
        }
    }
}

extension WireRegion {
    public static func rectangle(row: Int, column: Int, rows: Int, columns: Int) -> WireRegion {
        var region = WireRegion()
        region.row = UInt32(row)
        region.column = UInt32(column)
        region.rows = UInt32(rows)
        region.columns = UInt32(columns)
        return region
    }
}

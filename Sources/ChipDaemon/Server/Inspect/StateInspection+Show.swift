internal import ChipCore
public import Foundation

/// What is known of a stored chip without asking it anything.
public struct ChipSummary: Sendable, Codable {
    public struct Bank: Sendable, Codable {
        public var name: String
        public var technology: String
        public var tiles: Int
        public var tilesProgrammed: Int
        public var onMicrosiemens: Double?
        public var offMicrosiemens: Double?
        /// Pulses a cell, over the cells of programmed tiles.
        public var cyclesMean: Double
        public var cyclesMax: UInt32
    }

    public struct Matrix: Sendable, Codable {
        public var id: UInt32
        public var name: String
        public var rows: Int
        public var columns: Int
        public var bank: String
        public var tiles: Int
        public var weightsProgrammed: Int
        public var weightsUnverified: Int
    }

    public var serial: UInt32
    public var spec: String
    public var created: Date
    public var chipTimeSeconds: Double
    public var clock: String
    public var isPowered: Bool
    public var isTruthRevealed: Bool
    public var pulses: UInt64
    public var commands: UInt64
    public var energyPicojoules: Double
    public var leaseEpoch: UInt64
    public var isLeaseHeld: Bool
    public var sessions: Int
    public var faults: Int
    public var banks: [Bank]
    public var matrices: [Matrix]
}

extension StateInspection {
    public func show(serial: UInt32) throws(StateError) -> ChipSummary {
        do throws(StoreFault) {
            let store = try store(serial)
            guard try store.layout() > 0 else {
                throw StoreFault(.damaged, "chip \(serial) has an empty file")
            }
            return try store.rows { try summary($0, serial) }
        } catch {
            throw StateError(error.kind == .temporary ? .inputOutput : .unusable, error.message)
        }
    }

    private func summary(_ rows: StoreRows, _ serial: UInt32) throws -> ChipSummary {
        guard let identity = try rows.identity(), let chip = try rows.load() else {
            throw StoreFault(.damaged, "chip \(serial) was never completed")
        }
        let clock: String
        switch chip.clock.mode {
        case .manual: clock = "manual"
        case .rate(let rate): clock = "rate \(rate)"
        }
        return ChipSummary(
            serial: serial, spec: identity.specName,
            created: Date(timeIntervalSince1970: Double(identity.createdWallMicroseconds) * 1e-6),
            chipTimeSeconds: chip.clock.latest.seconds, clock: clock,
            isPowered: chip.counters.isPowered, isTruthRevealed: chip.counters.isTruthRevealed,
            pulses: chip.counters.pulses, commands: chip.counters.commands,
            energyPicojoules: chip.counters.energyPicojoules, leaseEpoch: chip.lease.epoch,
            isLeaseHeld: chip.lease.holder != nil, sessions: chip.sessions.count,
            faults: chip.faults.reduce(0) { $0 + $1.count },
            banks: spec.spec.banks.indices.map { summary(bank: $0, chip.tiles) },
            matrices: chip.matrices.map { record in
                let matrix = record.description
                return ChipSummary.Matrix(
                    id: matrix.id, name: matrix.name, rows: matrix.rows, columns: matrix.columns,
                    bank: matrix.bank, tiles: matrix.tiles.count,
                    weightsProgrammed: matrix.weightsProgrammed,
                    weightsUnverified: matrix.weightsUnverified)
            })
    }

    private func summary(bank index: Int, _ tiles: [TileRecord]) -> ChipSummary.Bank {
        let bank = spec.spec.banks[index]
        let first = spec.spec.firstTile(bank: index)
        let mine = tiles.filter { (first ..< first + bank.tiles).contains($0.tile) }
        let cells = mine.reduce(0) { $0 + $1.pulses.count }
        let pulses = mine.reduce(0.0) { $0 + $1.pulses.reduce(0.0) { $0 + Double($1) } }
        return ChipSummary.Bank(
            name: bank.name, technology: bank.technology.name, tiles: bank.tiles,
            tilesProgrammed: mine.count,
            onMicrosiemens: bank.isDigital ? nil : bank.technology.window.on.microsiemens,
            offMicrosiemens: bank.isDigital ? nil : bank.technology.window.off.microsiemens,
            cyclesMean: cells == 0 ? 0 : pulses / Double(cells),
            cyclesMax: mine.compactMap { $0.pulses.max() }.max() ?? 0)
    }
}

extension ChipSummary {
    /// For a person.
    public var table: String {
        var lines: [(String, String)] = [
            ("chip", "\(serial)"), ("spec", spec),
            ("made", ISO8601DateFormatter().string(from: created)),
            ("age", "\(Self.text(chipTimeSeconds)) s (clock: \(clock))"),
            ("power", isPowered ? "on" : "off"),
            (
                "changes",
                "\(commands) commands, \(pulses) pulses, "
                    + "\(Self.text(energyPicojoules)) pJ"
            ),
            ("lease", isLeaseHeld ? "held, epoch \(leaseEpoch)" : "free, last epoch \(leaseEpoch)"),
            ("sessions", "\(sessions)"),
        ]
        if isTruthRevealed { lines.append(("truth", "the true conductances were shown")) }
        if faults > 0 { lines.append(("faults", "\(faults)")) }
        for bank in banks {
            let window = bank.onMicrosiemens.map {
                ", \(Self.text(bank.offMicrosiemens ?? 0)) … \(Self.text($0)) µS"
            }
            lines.append(
                (
                    "bank \(bank.name)",
                    "\(bank.technology)\(window ?? ""), \(bank.tilesProgrammed) of "
                        + "\(bank.tiles) tiles programmed, pulses a cell: mean "
                        + "\(Self.text(bank.cyclesMean)), max \(bank.cyclesMax)"
                ))
        }
        for matrix in matrices {
            lines.append(
                (
                    "matrix \(matrix.id)",
                    "\(matrix.rows) × \(matrix.columns) \"\(matrix.name)\" in \(matrix.bank), "
                        + "\(matrix.tiles) tiles, \(matrix.weightsProgrammed) weights programmed, "
                        + "\(matrix.weightsUnverified) unverified"
                ))
        }
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + value
        }.joined(separator: "\n")
    }

    /// For a program.
    public static func json(_ chips: [ChipSummary]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(chips), as: UTF8.self)
    }

    private static func text(_ value: Double) -> String { String(format: "%.6g", value) }
}

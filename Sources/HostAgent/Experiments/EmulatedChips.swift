internal import Foundation
internal import Protocol

/// Chips behind a daemon of this population's own, with tuning columns: serial
/// number n is chip n.
///
/// A weight stands in one cell (offset mapping) or one pair (differential), since the
/// studies let weights deviate. Nothing else does: no programming noise, read noise,
/// drift or converters.
public final class EmulatedChips {
    /// What the chips are.
    public struct Spec: Equatable, Sendable {
        /// As the chips' spec names it: "weight-proportional" or "layer-fixed".
        public var model: String
        public var mapping: WeightMapping
        public var onOffRatio: Double
        /// σ of a cell, on the scale of the spec.
        public var betweenChips: Double
        public var withinChip: Double
        public var gtmCells: Int
        public var ltmColumns: Int
    }

    /// The programs and files of the product.
    public struct Product: Sendable {
        public let daemon: String
        /// `rram-tuning.yaml` in firmware-specs/chips.
        public let chip: String

        public init(daemon: String, chip: String) {
            self.daemon = daemon
            self.chip = chip
        }
    }

    private let spec: Spec
    private let folder: String
    private let endpoint: Endpoint
    private let daemon: DaemonProcess

    /// Starts the daemon.
    public init(_ spec: Spec, chips: Int, _ product: Product) throws {
        self.spec = spec
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("nvcim-chips-\(UUID().uuidString)").path
        for name in ["chips", "devices"] { try DataFile.makeFolder("\(folder)/\(name)") }
        let file = try Self.write(spec, in: folder, product)
        endpoint = try Endpoint(parsing: "ipc://\(folder)/chip")
        daemon = try DaemonProcess(
            path: product.daemon, spec: file, folder: folder, endpoint: endpoint,
            serials: (1 ... UInt32(chips)).map { $0 })
        try daemon.start()
    }

    deinit {
        daemon.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The shipped chip with other values.
    private static func write(_ spec: Spec, in folder: String, _ product: Product) throws -> String
    {
        func changed(_ path: String, _ values: [String: String]) throws -> [UInt8] {
            let text = String(decoding: try DataFile.rawContents(of: path), as: UTF8.self)
            let lines = text.components(separatedBy: "\n").map { line -> String in
                guard let colon = line.firstIndex(of: ":"),
                    let value = values[line[..<colon].trimmingCharacters(in: .whitespaces)]
                else { return line }
                return "\(line[..<colon]): \(value)"
            }
            return Array(lines.joined(separator: "\n").utf8)
        }
        func chosen(_ value: Double) -> String { "{value: \(value), source: \"chosen\"}" }
        let device = URL(fileURLWithPath: product.chip).deletingLastPathComponent()
            .appendingPathComponent("../devices/rram.yaml").standardizedFileURL.path
        try DataFile.write(
            changed(
                device,
                [
                    "bits_per_cell": "{value: 8, source: \"chosen: a weight in one cell\"}",
                    "on_off_ratio": chosen(spec.onOffRatio), "drift_coefficient": chosen(0),
                    "drift_coefficient_spread": chosen(0), "read_noise_relative": chosen(0),
                    "programming_noise_relative": chosen(0),
                ]), to: "\(folder)/devices/rram.yaml")
        let file = "\(folder)/chips/chips.yaml"
        try DataFile.write(
            changed(
                product.chip,
                [
                    "adc_bits": "ideal", "model": spec.model,
                    "sigma_between_chip": "\(spec.betweenChips)",
                    "sigma_within_chip": "\(spec.withinChip)", "cells": "\(spec.gtmCells)",
                    "ltm_columns": "\(spec.ltmColumns)",
                ]), to: file)
        return file
    }

    /// Deploys a network on chip number `chip` (from 1), and its accuracy with each
    /// correction; `nil`: none.
    ///
    /// - Parameter each: called with the images done.
    public func accuracies(
        of network: Network, _ quantisers: NetworkQuantisers, chip: Int,
        corrections: [SelfTuning.Correction?], on images: ImageSet, each: (Int) -> Void
    ) throws -> [Double] {
        let session = try WireChipSession(
            endpoint: endpoint.description, chip: UInt32(chip), waitsForDaemon: true)
        try session.acquireLease()
        let rounded = try network.copy()
        try quantisers.round(rounded)
        var mapper = Mapper(rounded, scales: QuantisationScales(quantisers))
        mapper.mapping = spec.mapping
        mapper.writesReferences = true
        var (deployment, _) = try mapper.deploy(
            to: session, checkpoint: "", calibration: images.first(1),
            options: ProgramOptions(.openLoop))
        defer { try? session.releaseLease() }
        return try corrections.enumerated().map { number, correction in
            deployment.selfTuning = nil
            if let correction {
                try SelfTuningByReferences(correction).adapt(
                    rounded, &deployment, on: session, images: images)
            }
            return try Evaluation.accuracy(
                rounded, with: ChipProducts(session, deployment), on: images
            ) { each(number * images.count + $0) }.fraction
        }
    }
}

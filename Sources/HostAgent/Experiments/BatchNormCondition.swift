/// A way in which a chip deviates, for `BatchNormStudy`.
struct BatchNormCondition: Sendable {
    let part: BatchNormStudy.Part
    /// "FeFET, fresh".
    let series: String
    /// σ(g)/g, G_on/G_off or tile side; of drift unused: `ages` is it.
    let x: Double
    let chip: StudyChip
    /// Seconds since programming at which the network is tried and adapted.
    var ages = [0.0]
    /// Of the technology, for PC2 at an age.
    var driftCoefficient = 0.0

    var name: String { part == .drift ? series : "\(series), \(Format.decimal(x, 2))" }
}

extension BatchNormCondition {
    /// Nothing deviates but what a condition names: weights are written without noise,
    /// nothing drifts, converters are ideal.
    private static func chip(
        _ name: String, device: String, side: Int = 64, _ chipValues: [String: String] = [:],
        _ deviceValues: [String: Double] = [:]
    ) -> StudyChip {
        var all = StudyChip(
            chip: name, device: device,
            chipValues: [
                "adc_bits": "ideal", "rows": "\(side)", "columns": "\(side)",
                "tiles": "\(tiles)",
            ],
            deviceValues: [
                "programming_noise_relative": 0, "drift_coefficient": 0,
                "drift_coefficient_spread": 0,
            ])
        all.chipValues.merge(chipValues) { $1 }
        all.deviceValues.merge(deviceValues) { $1 }
        return all
    }

    /// The resistive chip as shipped, converters too: its costs are told.
    static var rram: StudyChip {
        StudyChip(chip: "rram", device: "rram", chipValues: ["tiles": "\(tiles)"])
    }

    /// Tiles of a chip: enough for the widest network of the study.
    private static let tiles = 16_384

    static func all(_ settings: BatchNormStudy.Settings) -> [BatchNormCondition] {
        settings.parts.flatMap { part in
            switch part {
            case .noise: noise(settings.sigmas)
            case .ratio: ratio(settings.ratios)
            case .drift: drift(settings.ages)
            case .wires: wires(settings.sides)
            }
        }
    }

    /// The source draws its noise once, into the weights: frozen. A chip's is new in
    /// every read: fresh.
    private static func noise(_ sigmas: [Double]) -> [BatchNormCondition] {
        let fefet = sigmas.flatMap { sigma in
            [
                BatchNormCondition(
                    part: .noise, series: "FeFET, fresh", x: sigma,
                    chip: chip("fefet", device: "fefet", [:], ["read_noise_relative": sigma])),
                BatchNormCondition(
                    part: .noise, series: "FeFET, frozen", x: sigma,
                    chip: chip(
                        "fefet", device: "fefet",
                        ["model": "weight-proportional", "sigma_within_chip": "\(sigma)"],
                        ["read_noise_relative": 0])),
            ]
        }
        // σ(g)/g as the devices have it, for the table.
        let others = [("PCM-i", "pcm-i", 0.03), ("PCM-ii", "pcm-ii", 0.03), ("RRAM", "rram", 0.1)]
        return fefet
            + others.map { title, name, sigma in
                BatchNormCondition(
                    part: .noise, series: "\(title), fresh", x: sigma,
                    chip: chip(name, device: name))
            }
    }

    private static func ratio(_ ratios: [Double]) -> [BatchNormCondition] {
        ratios.map { ratio in
            BatchNormCondition(
                part: .ratio, series: "FeFET, σ = 0.10", x: ratio,
                chip: chip(
                    "fefet", device: "fefet", [:],
                    ["read_noise_relative": 0.1, "on_off_ratio": ratio]))
        }
    }

    /// A uniform loss alone, then what may keep batch norm from undoing it: one at a
    /// time, then all.
    private static func drift(_ ages: [Double]) -> [BatchNormCondition] {
        let coefficient = 0.1
        let quiet: [String: Double] = [
            "drift_coefficient": coefficient, "read_noise_relative": 0,
            "read_noise_constant_uS": 0, "drift_coefficient_spread": 0,
        ]
        let spread = ["drift_coefficient_spread": 0.2 * coefficient]
        // PCM-i's, on the scale of FeFET's G_on.
        let constant = ["read_noise_constant_uS": 0.13 * (4.5 / 4)]
        let converter = ["adc_bits": "10"]
        let fresh = ["read_noise_relative": 0.05]
        let variants: [(String, [String: String], [String: Double])] = [
            ("uniform drift", [:], [:]),
            ("spread of ν", [:], spread),
            ("ADC range of deployment", converter, [:]),
            ("constant noise", [:], constant),
            (
                "all together", converter,
                spread.merging(constant) { $1 }.merging(fresh) { $1 }
            ),
        ]
        return variants.map { title, chipValues, deviceValues in
            BatchNormCondition(
                part: .drift, series: title, x: 0,
                chip: chip(
                    "fefet", device: "fefet", chipValues, quiet.merging(deviceValues) { $1 }),
                ages: ages, driftCoefficient: coefficient)
        }
    }

    private static func wires(_ sides: [Int]) -> [BatchNormCondition] {
        sides.flatMap { side in
            [("wires", 0.0), ("wires and read noise", 0.1)].map { title, sigma in
                BatchNormCondition(
                    part: .wires, series: "RRAM, \(title)", x: Double(side),
                    chip: chip(
                        "rram-wires", device: "rram", side: side, [:],
                        ["read_noise_relative": sigma]))
            }
        }
    }
}

extension SensitivityStudy {
    /// Accuracies of the slides, %, by network, at σ = 0, 0.05, 0.1, 0.15, 0.2.
    static let published: [String: [Double]] = [
        "resnet20": [88.3, 85.5, 70.2, 41.1, 20], "resnet32": [89.4, 85.6, 65.1, 44.6, 21.6],
        "resnet44": [89.7, 86, 64.7, 28.9, 14.7], "resnet56": [91.1, 88.6, 73.4, 34.1, 17],
        "resnet20-k1": [53.8, 49.5, 33.4, 17.6, 12.8],
        "resnet20-k5": [88.7, 85.5, 70, 38.8, 20.2],
        "resnet20-w8": [82.8, 74.7, 45.2, 21.2, 12.3],
        "resnet20-w32": [90.9, 90.3, 88.6, 84.5, 75.4],
    ]
    static let publishedSigmas = [0, 0.05, 0.1, 0.15, 0.2]

    /// One figure of `evaluate`, over the chips.
    private func sample(
        _ figures: [String: Sample], _ network: String, _ mapping: WeightMapping, _ sigma: Double,
        figure: Int
    ) -> Sample? {
        figures[Self.evaluationName(network, mapping, sigma)].map {
            $0.figure(figure, of: $0.values.count / settings.chips)
        }
    }

    /// What a row tells of a network: its titles and the numbers of their figures.
    private func arms(_ network: String) throws -> [(title: String, figure: Int)] {
        let exits = try ModelName(network).exits
        guard exits > 1 else { return [("", 0)] }
        return (0 ..< exits).map { ("exit \($0 + 1)", $0) } + [("early leaving", exits)]
            + (0 ..< exits).map { ("share of exit \($0 + 1)", exits + 1 + $0) }
    }

    public func table(_ figures: [String: Sample]) throws -> ResultTable {
        func percent(_ sample: Sample?) -> String { sample?.percent(digits: 1) ?? "" }
        var rows: [[String]] = []
        for network in settings.networks {
            let digital = figures[Self.trainingName(network)]
            // Of the last exit alone, which is the first figure of a network without others.
            let last = try ModelName(network).exits - 1
            for mapping in settings.mappings {
                for (title, figure) in try arms(network) {
                    rows.append(
                        [
                            network, mapping.rawValue, title,
                            figure == last ? percent(digital) : "",
                        ]
                            + settings.sigmas.map {
                                percent(sample(figures, network, mapping, $0, figure: figure))
                            })
                }
            }
            if let published = Self.published[network] {
                rows.append(
                    [network, "slides", "", ""]
                        + settings.sigmas.map { sigma in
                            Self.publishedSigmas.firstIndex(of: sigma).map {
                                Format.decimal(published[$0], 1)
                            } ?? ""
                        })
            }
        }
        return ResultTable(
            title: "Sensitivity of residual networks to deviating cells",
            header: ["network", "mapping", "figure", "digital, 8 bits"]
                + settings.sigmas.map { "σ = \(Format.decimal($0, 2))" },
            rows: rows,
            notes: [
                "Mean in % and its 95 % confidence over \(settings.chips) emulated chips, serials "
                    + "from 1, on \(test.count) images: \(test.name).",
                "Each network was trained for \(settings.epochs) epochs of \(training.count) "
                    + "images, seed \(settings.seed); the slides' longer. Images leave early below "
                    + "\(Format.decimal(settings.exitEntropy, 2)) nats.",
                "σ: of a cell relative to its own conductance, fixed at programming; 128 × 128 "
                    + "tiles, two 4-bit cells a weight, 10-bit converters.",
            ])
    }

    public func plots(_ figures: [String: Sample]) throws -> [ResultPlot] {
        guard settings.sigmas.count > 1 else { return [] }
        let families: [(name: String, title: String, networks: [String])] = [
            ("depth", "Depth", ["resnet20", "resnet32", "resnet44", "resnet56"]),
            ("width", "Width", ["resnet20-w8", "resnet20", "resnet20-w32"]),
            ("kernel", "Kernel", ["resnet20-k1", "resnet20", "resnet20-k5"]),
        ]
        let plots = settings.mappings.flatMap { mapping in
            families.compactMap { family -> ResultPlot? in
                let networks = family.networks.filter(settings.networks.contains)
                guard networks.count > 1 else { return nil }
                return ResultPlot(
                    name: "\(family.name)-\(mapping.rawValue)",
                    title: "\(family.title), \(mapping.rawValue) mapping", xLabel: "σ",
                    networks.map { network in
                        (network, curve(figures, network, mapping, figure: 0))
                    })
            }
        }
        let exits = try settings.networks.filter { try ModelName($0).exits > 1 }
        return plots
            + (try exits.flatMap { network in
                try settings.mappings.map { mapping in
                    ResultPlot(
                        name: "\(network)-\(mapping.rawValue)",
                        title: "\(network), \(mapping.rawValue) mapping", xLabel: "σ",
                        try arms(network).filter { !$0.title.hasPrefix("share") }.map { arm in
                            (arm.title, curve(figures, network, mapping, figure: arm.figure))
                        })
                }
            })
    }

    private func curve(
        _ figures: [String: Sample], _ network: String, _ mapping: WeightMapping, figure: Int
    ) -> [(x: Double, sample: Sample)] {
        settings.sigmas.compactMap { sigma in
            sample(figures, network, mapping, sigma, figure: figure).map { (x: sigma, sample: $0) }
        }
    }
}

extension Technology {
    static let feFET = Technology(
        name: "fefet", bits: 4, onMicrosiemens: 1e6 / 222_220, ratio: 100, drift: 0.1,
        driftSpread: 0.02, noiseRelative: 0.05, verifyReads: 4, verified: (0.0308, 7.8),
        confirmed: (0.0234, 9.1), windowPulses: 1e4, windowExponent: 0.3, life: 1e7, lifeShape: 2,
        stuckOnShare: 0.5)
    static let pcmOne = Technology(
        name: "pcm-i", bits: 4, onMicrosiemens: 4, ratio: 40, drift: 0.04, driftSpread: 0.008,
        noiseRelative: 0.03, noiseConstant: 0.13, verifyReads: 16, verified: (0.0294, 8.0),
        confirmed: (0.0227, 9.3), windowPulses: 1e7, windowExponent: 0.3, life: 1e9, lifeShape: 3,
        stuckOnShare: 0.3)
    static let pcmTwo = Technology(
        name: "pcm-ii", bits: 4, onMicrosiemens: 8, ratio: 80, drift: 0.04, driftSpread: 0.008,
        noiseRelative: 0.03, noiseConstant: 0.13, verifyReads: 8, verified: (0.0287, 8.1),
        confirmed: (0.0224, 9.2), windowPulses: 1e7, windowExponent: 0.3, life: 1e9, lifeShape: 3,
        stuckOnShare: 0.3)
    static let rram = Technology(
        name: "rram", bits: 4, onMicrosiemens: 20, ratio: 10, drift: 0.04, driftSpread: 0.008,
        noiseRelative: 0.1, verifyReads: 16, verified: (0.0319, 8.2), confirmed: (0.0239, 9.6),
        windowPulses: 1e5, windowExponent: 0.25, life: 1e7, lifeShape: 2, stuckOnShare: 0.7)
    static let rramTwoBits = Technology(
        name: "rram-2b", bits: 2, onMicrosiemens: 20, ratio: 10, drift: 0.04, driftSpread: 0.008,
        noiseRelative: 0.1, verifyReads: 16, verified: (0.0327, 9.0), confirmed: (0.0247, 10.7),
        windowPulses: 1e5, windowExponent: 0.25, life: 1e7, lifeShape: 2, stuckOnShare: 0.7)

    static let shipped = [feFET, pcmOne, pcmTwo, rram, rramTwoBits]

    /// The technology that a data sheet names; nil: the report knows no figures for it.
    static func named(_ name: String) -> Technology? {
        shipped.first { $0.name == name } ?? study(name)
    }

    /// `fefet-noise-0.10`: cells at their levels with that read noise; `rram-ratio-40`: with that
    /// ON/OFF ratio; `rram-varied`: σ_B = 0.1, σ_W = 0.05; `rram-quiet`, `rram-fixed`: σ_B = 0.05 as
    /// (V-2) and as (V-3) and nothing else, ON/OFF ratio 2; `rram-still`: nothing moves its cells.
    private static func study(_ name: String) -> Technology? {
        for base in shipped where name.hasPrefix(base.name + "-") {
            var made = base
            made.name = name
            made.isStudy = true
            let words = name.dropFirst(base.name.count + 1).split(separator: "-").map(String.init)
            switch (words.first, words.count == 2 ? Double(words[1]) : nil) {
            case ("varied", nil):
                made.betweenChip = 0.1
                made.withinChip = 0.05
                return made
            case ("still", nil):
                (made.programmingSpread, made.drift, made.driftSpread) = (0, 0, 0)
                (made.noiseRelative, made.noiseConstant, made.isQuiet) = (0, 0, true)
                return made
            case ("quiet", nil), ("fixed", nil):
                (made.programmingSpread, made.drift, made.driftSpread) = (0, 0, 0)
                (made.noiseRelative, made.noiseConstant) = (0, 0)
                (made.ratio, made.betweenChip, made.isQuiet) = (2, 0.05, true)
                made.isLayerFixed = words.first == "fixed"
                return made
            case ("noise", let value?):
                made.noiseRelative = value
            case ("ratio", let value?):
                made.ratio = value
            default:
                continue
            }
            made.programmingSpread = 0
            made.component = figures.first {
                $0.base == base.name && $0.relative == made.noiseRelative && $0.ratio == made.ratio
            }.map { ($0.share, $0.published) }
            return made
        }
        return nil
    }

    /// Bhattacharjee et al. 2023, §4.1, and what the law of read noise gives.
    private static let figures = [
        (base: "fefet", relative: 0.05, ratio: 100.0, share: 5.7e-4, published: 6.9e-4),
        (base: "fefet", relative: 0.1, ratio: 100.0, share: 2.25e-3, published: 2.71e-3),
        (base: "fefet", relative: 0.15, ratio: 100.0, share: 5.0e-3, published: 6.03e-3),
        (base: "pcm-i", relative: 0.03, ratio: 40.0, share: 9.5e-3, published: 9.61e-3),
        (base: "pcm-ii", relative: 0.03, ratio: 80.0, share: 2.85e-3, published: 3.16e-3),
        (base: "rram", relative: 0.1, ratio: 10.0, share: 4.4e-3, published: 5.59e-3),
    ]
}

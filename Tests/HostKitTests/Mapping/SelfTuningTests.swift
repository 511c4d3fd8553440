import HostKit
import Testing

@Suite("Self-tuning")
struct SelfTuningTests {
    private func tuning(
        _ correction: SelfTuning.Correction, initial: Double = 1.2, now: Double = 0.9,
        gtm: Double = 20, ltm: Double? = 20
    ) throws -> SelfTuning {
        try SelfTuning(
            correction,
            TuningReferences(
                gtmConductance: gtm,
                ltm: ltm.map { ["nvm": .init(conductance: $0, onConductance: 20)] } ?? [:],
                initialRatio: initial),
            ratio: now, onConductance: 20)
    }

    /// M_0 = 1.2 at half of G_on is ε̂_B = 0.1, M = 0.9 then a drift of 3/4.
    @Test func divisorAndShareAreThoseOfTheTable() throws {
        #expect(try tuning(.gtm).divisor == 0.9)
        #expect(try tuning(.gtm).ltmShare(.offset, bank: "nvm") == 0)
        for correction in [SelfTuning.Correction.gtmAndLTM, .ltmOfOneSide, .drift] {
            #expect(abs(try tuning(correction).divisor - 0.75) < 1e-12)
        }
        // a = 0.1·20/(8 + 0.1·20) = 0.2
        let fixed = try tuning(.gtmAndLTM, gtm: 10, ltm: 8)
        #expect(abs(fixed.ltmShare(.offset, bank: "nvm") - 0.2 / 0.75) < 1e-12)
        #expect(fixed.ltmShare(.differential, bank: "nvm") == 0)
        let control = try tuning(.ltmOfOneSide, gtm: 10, ltm: 8)
        #expect(
            control.ltmShare(.differential, bank: "nvm") == fixed.ltmShare(.offset, bank: "nvm"))
        #expect(try tuning(.drift).ltmShare(.offset, bank: "nvm") == 0)
    }

    /// ε̂_B = 0.1 of either G_on: a = 2/(8 + 2) and 5/(50 + 5).
    @Test func eachBankHasItsOwnShare() throws {
        let tuning = try SelfTuning(
            .gtmAndLTM,
            TuningReferences(
                gtmConductance: 10,
                ltm: [
                    "first": .init(conductance: 8, onConductance: 20),
                    "second": .init(conductance: 50, onConductance: 50),
                ], initialRatio: 1.2), ratio: 1.2, onConductance: 20)
        #expect(abs(tuning.ltmShare(.offset, bank: "first") - 0.2) < 1e-12)
        #expect(abs(tuning.ltmShare(.offset, bank: "second") - 1 / 11) < 1e-12)
        // The least of both decides: ε̂_B = −0.5 leaves nothing of 8 µS.
        #expect(throws: SelfTuningError.referenceInvalid("1 + ε̂_B·G_on/w_L", -0.25)) {
            _ = try SelfTuning(
                .gtmAndLTM,
                TuningReferences(
                    gtmConductance: 20,
                    ltm: [
                        "first": .init(conductance: 8, onConductance: 20),
                        "second": .init(conductance: 50, onConductance: 50),
                    ], initialRatio: 0.5), ratio: 0.5, onConductance: 20)
        }
    }

    @Test func aReferenceThatCannotBeIsRefused() throws {
        #expect(throws: SelfTuningError.referenceInvalid("M", 0.05)) {
            _ = try tuning(.gtm, now: 0.05)
        }
        #expect(throws: SelfTuningError.referenceInvalid("M_0", -0.3)) {
            _ = try tuning(.drift, initial: -0.3)
        }
        #expect(throws: SelfTuningError.referenceInvalid("M", .infinity)) {
            _ = try tuning(.gtm, now: .infinity)
        }
        #expect(throws: SelfTuningError.self) { _ = try tuning(.gtm, now: .nan) }
        // ε̂_B = −0.4 leaves nothing of an LTM of 8 µS = 0.4 G_on.
        #expect(throws: SelfTuningError.self) { _ = try tuning(.gtmAndLTM, initial: 0.6, ltm: 8) }
        #expect(throws: SelfTuningError.noLTM) { _ = try tuning(.gtmAndLTM, ltm: nil) }
        #expect(try tuning(.gtm, ltm: nil).divisor == 0.9)
        #expect(
            "\(SelfTuningError.referenceInvalid("M", 0.05))"
                == "reference invalid: M is 0.05, a correction needs at least 0.1; the chip stays "
                + "uncorrected")
    }
}

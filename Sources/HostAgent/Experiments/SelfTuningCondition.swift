/// Chips and corrections of one row of `SelfTuningTable`.
struct SelfTuningCondition: Sendable {
    let form: WeightVariation.Form
    /// σ_tot, of which σ_B = σ_W = σ_tot/√2.
    let total: Double
    var isReal = false
    var gtmCells: Int
    var ltmColumns: Int
    /// The row is of a sweep of the tuning columns' numbers.
    var isOfSweep = false

    var within: WeightVariation {
        WeightVariation(form, withinChip: WeightVariation.mixed(form, total: total).withinChip)
    }

    var spec: SelfTunedChips.Spec {
        SelfTunedChips.Spec(
            form: form, sigma: within.withinChip, isReal: isReal, gtmCells: gtmCells,
            ltmColumns: ltmColumns)
    }

    var device: String { isReal ? "RRAM" : "ideal" }

    var name: String {
        "\(form.rawValue), σ_tot = \(Format.decimal(total, 2)), \(device) cells, "
            + "\(gtmCells) GTM cells, \(ltmColumns) LTM columns\(isOfSweep ? ", right one" : "")"
    }

    /// None, the right one, the wrong one; of a sweep the right one.
    var corrections: [SelfTuning.Correction?] {
        if isOfSweep { return [form == .layerFixed ? .gtmAndLTM : .gtm] }
        return form == .layerFixed ? [nil, .gtmAndLTM, .gtm] : [nil, .gtm, .ltmOfOneSide]
    }

    /// What the corrections are to the variation.
    var arms: [String] {
        isOfSweep
            ? ["right self-tuning"] : ["trained only", "right self-tuning", "wrong self-tuning"]
    }

    /// - Source of the numbers of cells and columns: §4 of the paper.
    static func all(_ settings: SelfTuningTable.Settings, form: WeightVariation.Form, total: Double)
        -> [SelfTuningCondition]
    {
        let isLarge = form == .layerFixed && total >= 0.3
        let ideal = SelfTuningCondition(
            form: form, total: total, gtmCells: isLarge ? 100_000 : 1000,
            ltmColumns: isLarge ? 16 : 1)
        var real = ideal
        real.isReal = true
        guard total == settings.totals.max() else { return [ideal, real] }
        let cells = settings.gtmCells.map { number in
            var one = ideal
            (one.gtmCells, one.isOfSweep) = (number, true)
            return one
        }
        let columns = (form == .layerFixed ? settings.ltmColumns : []).map { number in
            var one = ideal
            (one.ltmColumns, one.isOfSweep) = (number, true)
            return one
        }
        // Where the sweeps cross, once.
        return [ideal, real] + cells
            + columns.filter { one in !cells.contains { $0.name == one.name } }
    }
}

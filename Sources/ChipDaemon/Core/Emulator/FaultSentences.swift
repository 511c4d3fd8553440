/// The faults of a chip in words, tile after tile.
enum FaultSentences {
    /// A listing of more is no help to a person (chosen).
    private static let max = 64

    static func of(_ state: ChipState, _ spec: ChipSpec) -> [String] {
        var sentences: [String] = []
        for record in state.faults.values.sorted(by: { $0.tile < $1.tile }) {
            if sentences.count >= max { break }
            append(record, spec, to: &sentences)
        }
        sentences = Array(sentences.prefix(max))
        let more = state.faults.values.reduce(0) { $0 + $1.count } - sentences.count
        if more > 0 { sentences.append("and \(more) more") }
        return sentences
    }

    private static func append(
        _ record: FaultRecord, _ spec: ChipSpec, to sentences: inout [String]
    ) {
        let tile = "tile \(record.tile)"
        if record.adcOffsetLSB != 0 {
            sentences.append("the ADC of \(tile) is off by \(record.adcOffsetLSB) LSB")
        }
        sentences += record.deadWordLines.prefix(max).map { "word line \($0) of \(tile) is dead" }
        sentences += record.deadBitLines.prefix(max).map { "bit line \($0) of \(tile) is dead" }
        let columns = spec.banks[spec.bank(ofTile: record.tile)].bitLines
        for (cells, state) in [(record.stuckOn, "ON"), (record.stuckOff, "OFF")] {
            sentences += cells.prefix(max).map { cell in
                "the cell at row \(Int(cell) / columns), column \(Int(cell) % columns) of "
                    + "\(tile) is stuck \(state)"
            }
        }
    }
}

/// One line of the report: a figure of a law, measured on one chip.
struct Finding: Encodable {
    /// Why a bound is as wide as it is.
    enum Kind: String, Encodable {
        case statistical = "99.9 %"
        case tolerance
        case exact
    }

    /// Name of the law, as `--only` takes it.
    let law: String
    /// Its number in firmware-specs/device.md.
    let number: String
    let figure: String
    let chip: String
    let technology: String
    var unit = ""
    var samples = 0
    var expected: Double?
    var measured: Double?
    /// Largest allowed distance of the measured figure from the expected one.
    var bound: Double?
    var kind: Kind?
    /// Nil: could not be checked here.
    var pass: Bool?
    /// Where the expected figure comes from; or why it could not be checked.
    var source: String

    private enum Key: String, CodingKey {
        case law, number, figure, chip, technology, unit, samples, expected, measured, bound
        case boundKind, pass, source
    }

    /// What is unknown is written as null.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(law, forKey: .law)
        try container.encode(number, forKey: .number)
        try container.encode(figure, forKey: .figure)
        try container.encode(chip, forKey: .chip)
        try container.encode(technology, forKey: .technology)
        try container.encode(unit, forKey: .unit)
        try container.encode(samples, forKey: .samples)
        try container.encode(expected, forKey: .expected)
        try container.encode(measured, forKey: .measured)
        try container.encode(bound, forKey: .bound)
        try container.encode(kind, forKey: .boundKind)
        try container.encode(pass, forKey: .pass)
        try container.encode(source, forKey: .source)
    }
}

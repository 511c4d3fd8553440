import Physics
import Testing

@Suite("Encoding: weights on cells (E-1 … E-4)")
struct WeightEncodingTests {
    struct Shape: CustomTestStringConvertible, Sendable {
        let mapping: WeightEncoding.Mapping
        let slices: Int
        let bits: Int
        let codeMax: Int
        let stretch: Int
        var testDescription: String { "\(mapping) \(slices) × \(bits) bits, \(codeMax)" }

        func encoding() throws -> WeightEncoding {
            try WeightEncoding(
                mapping: mapping, slices: slices, bitsPerSlice: bits, codeMax: codeMax)
        }
    }

    /// Stretches by hand: ⌊255/127⌋ = 2, ⌊127/127⌋ = 1, ⌊15/1⌋ = 15, …
    static let shapes = [
        Shape(mapping: .differential, slices: 2, bits: 4, codeMax: 127, stretch: 2),
        Shape(mapping: .differential, slices: 2, bits: 4, codeMax: 255, stretch: 1),
        Shape(mapping: .differential, slices: 4, bits: 2, codeMax: 100, stretch: 2),
        Shape(mapping: .differential, slices: 8, bits: 1, codeMax: 127, stretch: 2),
        Shape(mapping: .differential, slices: 1, bits: 4, codeMax: 1, stretch: 15),
        Shape(mapping: .differential, slices: 3, bits: 5, codeMax: 32_767, stretch: 1),
        Shape(mapping: .offset, slices: 2, bits: 4, codeMax: 127, stretch: 1),
        Shape(mapping: .offset, slices: 2, bits: 4, codeMax: 31, stretch: 4),
        Shape(mapping: .offset, slices: 4, bits: 2, codeMax: 127, stretch: 1),
        Shape(mapping: .offset, slices: 1, bits: 8, codeMax: 7, stretch: 18),
    ]

    /// Every code, on cells with and without an OFF conductance, comes back.
    @Test(arguments: shapes, [10.0, .infinity])
    func everyCodeComesBack(_ shape: Shape, onOffRatio: Double) throws {
        let encoding = try shape.encoding()
        #expect(encoding.stretch == shape.stretch)
        let window = try ConductanceWindow(on: .microsiemens(20), onOffRatio: onOffRatio)
        let codes = Array(-shape.codeMax ... shape.codeMax)
        var weights = [Float](repeating: 0, count: codes.count)
        for slice in 0 ..< shape.slices {
            for polarity in 0 ..< encoding.polarities {
                let plane = codes.map { code in
                    let level = encoding.level(code: code, slice: slice, polarity: polarity)
                    return Float(window.level(level, bits: shape.bits).microsiemens)
                }
                encoding.addWeights(
                    plane: plane, slice: slice, polarity: polarity, window: window, into: &weights)
            }
        }
        let worst = zip(weights, codes).map { abs(Double($0) - Double($1)) }.max() ?? 1
        #expect(worst < 1e-5 * Double(shape.codeMax) + 1e-6)
    }

    /// 8 bits on two cells of 4: −100 → m = 200 = 0xC8; offset −100 + 128 = 28 = 0x1C.
    @Test func digitsByHand() throws {
        let pair = try Self.shapes[0].encoding()
        let levels = [0, 1].flatMap { polarity in
            [0, 1].map { pair.level(code: -100, slice: $0, polarity: polarity) }
        }
        #expect(levels == [0, 0, 8, 12])
        let offset = try Self.shapes[6].encoding()
        #expect([0, 1].map { offset.level(code: -100, slice: $0, polarity: 0) } == [12, 1])
        #expect(offset.zero == 128)
        #expect(pair.zero == 0)
    }

    /// The largest code comes within one stretch of the largest number.
    @Test(arguments: shapes)
    func theLargestCodeUsesTheRange(_ shape: Shape) throws {
        let encoding = try shape.encoding()
        let number = (0 ..< shape.slices).reduce(0) {
            $0 + encoding.level(code: shape.codeMax, slice: $1, polarity: 0) << ($1 * shape.bits)
        }
        let top = 1 << (shape.slices * shape.bits)
        let span = shape.mapping == .offset ? top / 2 : top
        #expect(number < top)
        #expect(number >= top - max(1, span - shape.stretch * shape.codeMax))
    }

    @Test(arguments: [
        (WeightEncoding.Mapping.differential, 0, 4, 1), (.differential, 4, 4, 1),
        (.differential, 1, 0, 1), (.differential, 1, 9, 1), (.differential, 2, 4, 256),
        (.differential, 2, 4, 0), (.offset, 2, 4, 128), (.offset, 1, 1, 1),
    ])
    func wrongShapesAreRefused(
        mapping: WeightEncoding.Mapping, slices: Int, bits: Int, codeMax: Int
    ) {
        #expect(throws: PhysicsError.self) {
            try WeightEncoding(
                mapping: mapping, slices: slices, bitsPerSlice: bits, codeMax: codeMax)
        }
    }
}

import HostKit
import Testing

@Suite("Tensors against values computed elsewhere")
struct OperationTests {
    static let input: [Float] = [
        2.0, 0.5, 1.0, 2.0, 0.5, 1.0, 1.5, -1.0, -2.0, -1.0, -1.0, 1.5, 2.0, -2.0, 0.0, 1.5, -1.5,
        1.5,
        -1.5, 0.0, 1.5, -1.0, -0.5, -1.0, 1.0, -1.0, 2.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 2.0, 1.5,
        1.5,
        1.0, 0.5, -0.5, 2.0, 0.0, -1.5, 1.5, -1.5, 1.5, 0.5, -1.5, -2.0, 0.0, -2.0, -1.5, 0.0, 2.0,
        0.0,
        1.5, 2.0, 1.5, 0.5, -0.5, 0.0, -1.0, 0.0, -0.5, -1.0,
    ]
    static let weight: [Float] = [
        1.0, -1.0, -1.0, -0.75, 1.0, 0.5, 0.75, -0.75, 0.5, -0.25, 0.0, -1.0, 0.25, 0.75, 0.25,
        -0.75,
        0.0, -0.5, 1.0, 0.75, -0.75, 0.0, 1.0, 0.75, 0.5, 0.25, -1.0, 0.5, 0.0, -1.0, -0.5, 0.0,
        0.5, 0.0,
        0.25, 0.75, 0.5, -0.25, 0.25, 0.25, -1.0, -1.0, 0.25, -0.25, 0.25, -0.5, -0.5, -0.75, -0.25,
        0.75,
        -0.25, -0.25, 0.25, 1.0,
    ]
    /// Stride 1, padding 1; from a plain loop in double precision.
    static let padded: [Float] = [
        2.125, -0.625, 1.25, 3.125, -0.625, 0.25, -2.0, -7.0, -5.0, 0.875, 2.75, 3.875, 5.0, -5.625,
        1.375, -1.375, 1.875, -0.375, 2.75, 3.0, 0.375, 4.5, -0.5, 0.875, -0.125, 1.0, 1.625, 1.375,
        0.75,
        -5.25, -2.25, 2.375, -4.5, 0.0, -5.625, -0.875, -1.375, -0.125, 1.5, 0.375, 3.125, 2.0,
        2.375,
        -1.0, 0.5, -0.125, -2.0, -3.5, 0.0, -1.25, -0.125, -3.0, 1.75, -0.625, -2.125, 7.25, -1.875,
        -0.125, -0.375, -4.875, 2.0, -1.625, -5.125, 1.375, 0.75, 4.625, 3.625, 3.0, 4.125, -0.375,
        4.0,
        3.5, -0.875, 1.875, -2.25, -1.0, 2.5, -1.375, -2.5, -1.625, -1.125, -3.625, 0.0, -1.25, 2.5,
        1.375,
        0.625, 1.0, 0.875, -2.125, -3.375, -0.5, -4.25, 1.875, 2.0, 2.375,
    ]
    /// Stride 2, no padding.
    static let strided: [Float] = [0.25, 4.5, -0.125, -0.625, -0.375, 1.375]

    @Test func convolutionIsTheSumOverKernelAndChannels() throws {
        let x = try Tensor.floats(Self.input, shape: [2, 2, 4, 4])
        let w = try Tensor.floats(Self.weight, shape: [3, 2, 3, 3])
        let padded = try x.convolved(with: w, stride: 1, padding: 1)
        #expect(padded.shape == [2, 3, 4, 4])
        #expect(try padded.floats() == Self.padded)
        let strided = try x.channelsLast().convolved(with: w, stride: 2, padding: 0)
        #expect(strided.shape == [2, 3, 1, 1])
        #expect(try strided.floats() == Self.strided)
    }

    @Test func linearIsTheProductWithTheTransposedWeight() throws {
        let a = try Tensor.floats([-0.5, 0.5, -0.25, 0.5, -0.25, 0.5], shape: [2, 3])
        let b = try Tensor.floats(
            [0.25, 0.75, 2.0, -1.5, 0.25, -0.25, -0.5, -1.0, -2.0, -0.5, 1.5, -1.75], shape: [4, 3])
        #expect(
            try a.linear(b).floats() == [-0.25, 0.9375, 0.25, 1.4375, 0.9375, -0.9375, -1.0, -1.5])
    }

    @Test func aFailureIsLibtorchsSentence() throws {
        let a = try Tensor.full(1, shape: [2, 3])
        let b = try Tensor.full(1, shape: [2, 3])
        let error = #expect(throws: TorchError.self) { _ = try a.matrixProduct(b) }
        #expect(error?.sentence.contains("cannot be multiplied (2x3 and 2x3)") == true)
        #expect(throws: TorchError.self) { _ = try a.reshaped([4]) }
        #expect(throws: TorchError.self) { _ = try a.scalar() }
    }

    @Test func theSameSeedGivesTheSameNumbers() throws {
        func draw(_ seed: UInt64, _ purpose: String) throws -> [Float] {
            try RandomGenerator(seed: seed, purpose: purpose).normal([16]).floats()
        }
        #expect(try draw(3, "a") == draw(3, "a"))
        #expect(try draw(3, "a") != draw(3, "b"))
        #expect(try draw(3, "a") != draw(4, "a"))
        let order = try RandomGenerator(seed: 1).permutation(50).integers()
        #expect(order.sorted() == Array(0 ..< 50))
    }

    @Test func noGradEndsWithItsBody() throws {
        let w = try Tensor.full(2, shape: [1])
        try w.setRequiresGradient()
        let inside = try noGrad { try w.scaled(by: 3) }
        #expect(!inside.requiresGradient)
        #expect(throws: TorchError.self) { try noGrad { _ = try w.reshaped([7]) } }
        #expect(try w.scaled(by: 3).requiresGradient)
    }
}

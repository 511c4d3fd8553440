internal import CTorch
internal import Glibc

extension Tensor {
    /// Whether gradients of this tensor are recorded.
    public var requiresGradient: Bool { nvt_requires_gradient(handle) }

    public func setRequiresGradient(_ required: Bool = true) throws(TorchError) {
        try check(nvt_set_requires_gradient(handle, required))
    }

    /// The gradient gathered since the last `clearGradient`.
    public func gradient() throws(TorchError) -> Tensor? {
        var handle: nvt_tensor?
        try check(nvt_gradient(self.handle, &handle))
        return handle.map(Tensor.init(owning:))
    }

    public func clearGradient() throws(TorchError) { try check(nvt_clear_gradient(handle)) }

    /// Sends the gradient of this scalar back.
    public func backward() throws(TorchError) { try check(nvt_backward(handle)) }

    /// The same elements, cut off from the gradient.
    public func detached() throws(TorchError) -> Tensor { try made { nvt_detach(handle, $0) } }

    /// `value` forwards, the gradient of self backwards: what makes a step function
    /// trainable.
    ///
    /// - Shape: `value` has self's shape.
    public func straightThrough(to value: Tensor) throws(TorchError) -> Tensor {
        precondition(value.shape == shape)
        return try made { nvt_straight_through(handle, value.handle, $0) }
    }

    /// Self forwards; the gradient e that comes back becomes
    /// Q(e / Shift(max|e|), bits): see `WAGE`.
    public func withErrorsQuantised(bits: Int) throws(TorchError) -> Tensor {
        try made { nvt_error_quantised(handle, Int64(bits), $0) }
    }

    /// `value` measured elsewhere, with the gradient of the convolution of self
    /// and `weight`: the straight-through estimate of a chip's product. The
    /// digital convolution isn't carried out.
    public func convolvedStraightThrough(
        with weight: Tensor, value: Tensor, stride: Int, padding: Int
    ) throws(TorchError) -> Tensor {
        try made {
            nvt_convolution_straight_through(
                handle, weight.handle, value.handle, Int64(stride), Int64(padding), $0)
        }
    }

    /// `value` measured elsewhere, with the gradient of `linear(weight)`.
    public func linearStraightThrough(_ weight: Tensor, value: Tensor) throws(TorchError) -> Tensor
    {
        try made { nvt_linear_straight_through(handle, weight.handle, value.handle, $0) }
    }
}

// MARK: - Gradients made elsewhere

/// What the shim calls for the gradient of an input.
private final class GradientSource {
    let make: (Tensor) throws -> Tensor
    init(_ make: @escaping (Tensor) throws -> Tensor) { self.make = make }
}

extension Tensor {
    /// `value` measured elsewhere; the gradient of the weight is that of the
    /// convolution of self and `weight`, or of `linear(weight)` without a kernel,
    /// and that of self is what `inputGradient` makes of the value's.
    func straightThrough(
        _ weight: Tensor, _ kind: MatrixLayer.Kind, value: Tensor,
        inputGradient: @escaping (Tensor) throws -> Tensor
    ) throws(TorchError) -> Tensor {
        let (stride, padding) =
            switch kind {
            case .linear: (0, 0)
            case .convolution(_, let stride, let padding): (stride, padding)
            }
        let source = Unmanaged.passRetained(GradientSource(inputGradient)).toOpaque()
        return try made {
            nvt_straight_through_elsewhere(
                handle, weight.handle, value.handle, Int64(stride), Int64(padding),
                { context, gradient, out in
                    guard let context, let gradient, let out else { return strdup("no gradient") }
                    let source = Unmanaged<GradientSource>.fromOpaque(context)
                        .takeUnretainedValue()
                    do {
                        // The shim keeps its handle; ours is another of the same tensor.
                        var own: nvt_tensor?
                        if let failure = nvt_detach(gradient, &own) { return failure }
                        guard let own else { return strdup("no gradient") }
                        let made = try noGrad { try source.make(Tensor(owning: own)) }
                        return nvt_detach(made.handle, out)
                    } catch {
                        return strdup("\(error)")
                    }
                }, source,
                { context in
                    if let context { Unmanaged<GradientSource>.fromOpaque(context).release() }
                }, $0)
        }
    }

    /// The sums of what `unrolled` spread over columns: [n, c, height, width].
    func folded(height: Int, width: Int, kernel: Int, stride: Int, padding: Int)
        throws(TorchError) -> Tensor
    {
        try made {
            nvt_col2im(
                handle, Int64(height), Int64(width), Int64(kernel), Int64(stride), Int64(padding),
                $0)
        }
    }
}

internal import CTorch

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

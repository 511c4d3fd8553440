internal import CTorch

// MARK: - Shape and type

extension Tensor {
    public func cast(to type: ElementType) throws(TorchError) -> Tensor {
        try made { nvt_to_type(handle, type.rawValue, $0) }
    }
    /// The same elements, row-major in memory.
    public func contiguous() throws(TorchError) -> Tensor {
        try made { nvt_contiguous(handle, $0) }
    }
    /// The same images, the channel fastest in memory: what the convolutions
    /// run fastest on.
    public func channelsLast() throws(TorchError) -> Tensor {
        try made { nvt_channels_last(handle, $0) }
    }
    public func reshaped(_ shape: [Int]) throws(TorchError) -> Tensor {
        try made { nvt_reshape(handle, shape.sizes, Int32(shape.count), $0) }
    }
    public func permuted(_ order: [Int]) throws(TorchError) -> Tensor {
        try made { nvt_permute(handle, order.sizes, Int32(order.count), $0) }
    }
    /// Indices `range` of one dimension; shares the elements.
    public func narrowed(_ range: Range<Int>, dimension: Int = 0) throws(TorchError) -> Tensor {
        try made {
            nvt_narrow(handle, Int64(dimension), Int64(range.lowerBound), Int64(range.count), $0)
        }
    }
    /// The slices that `index` (Int64) names, in its order.
    public func selected(_ index: Tensor, dimension: Int = 0) throws(TorchError) -> Tensor {
        try made { nvt_index_select(handle, Int64(dimension), index.handle, $0) }
    }
    /// The tensors behind each other along `dimension`.
    public static func concatenated(_ tensors: [Tensor], dimension: Int = 0) throws(TorchError)
        -> Tensor
    {
        let handles: [nvt_tensor?] = tensors.map(\.handle)
        return try made { nvt_concatenate(handles, Int32(handles.count), Int64(dimension), $0) }
    }
}

// MARK: - Arithmetic

extension Tensor {
    /// self + alpha·other, broadcast.
    public func adding(_ other: Tensor, times alpha: Double = 1) throws(TorchError) -> Tensor {
        try made { nvt_add(handle, other.handle, alpha, $0) }
    }
    /// Element by element, broadcast.
    public func multiplied(by other: Tensor) throws(TorchError) -> Tensor {
        try made { nvt_multiply(handle, other.handle, $0) }
    }
    /// scale·self + offset.
    public func scaled(by scale: Double, offset: Double = 0) throws(TorchError) -> Tensor {
        try made { nvt_affine(handle, scale, offset, $0) }
    }
    /// The matrix product.
    public func matrixProduct(_ other: Tensor) throws(TorchError) -> Tensor {
        try made { nvt_matmul(handle, other.handle, $0) }
    }
    /// To the nearest integer, halves to the even one.
    public func rounded() throws(TorchError) -> Tensor { try made { nvt_round(handle, $0) } }
    public func clamped(to range: ClosedRange<Double>) throws(TorchError) -> Tensor {
        try made { nvt_clamp(handle, range.lowerBound, range.upperBound, $0) }
    }
    public func absolute() throws(TorchError) -> Tensor { try made { nvt_absolute(handle, $0) } }
    public func squareRoot() throws(TorchError) -> Tensor {
        try made { nvt_square_root(handle, $0) }
    }
    /// 1 where the elements are equal, else 0 (bool).
    public func isEqual(to other: Tensor) throws(TorchError) -> Tensor {
        try made { nvt_equal(handle, other.handle, $0) }
    }
    /// The sum of all elements, in double precision.
    public func sum() throws(TorchError) -> Double { try measured { nvt_sum(handle, $0) } }
    public func maximum() throws(TorchError) -> Double { try measured { nvt_maximum(handle, $0) } }
    public func minimum() throws(TorchError) -> Double { try measured { nvt_minimum(handle, $0) } }
    /// Where the largest element of `dimension` is (Int64).
    public func indexOfMaximum(dimension: Int) throws(TorchError) -> Tensor {
        try made { nvt_argmax(handle, Int64(dimension), $0) }
    }
}

// MARK: - In place, outside any gradient

extension Tensor {
    /// self += alpha·other.
    public func add(_ other: Tensor, times alpha: Double = 1) throws(TorchError) {
        try check(nvt_add_in_place(handle, other.handle, alpha))
    }
    /// self *= scale.
    public func scale(by scale: Double) throws(TorchError) {
        try check(nvt_scale_in_place(handle, scale))
    }
    /// self += value·a·b.
    public func addProduct(_ a: Tensor, _ b: Tensor, times value: Double) throws(TorchError) {
        try check(nvt_add_product_in_place(handle, a.handle, b.handle, value))
    }
    /// self += value·a/b.
    public func addQuotient(_ a: Tensor, _ b: Tensor, times value: Double) throws(TorchError) {
        try check(nvt_add_quotient_in_place(handle, a.handle, b.handle, value))
    }
    public func clamp(to range: ClosedRange<Double>) throws(TorchError) {
        try check(nvt_clamp_in_place(handle, range.lowerBound, range.upperBound))
    }
    /// Takes the elements of `source`.
    public func assign(_ source: Tensor) throws(TorchError) {
        try check(nvt_copy_in_place(handle, source.handle))
    }
}

// MARK: - Networks

extension Tensor {
    /// The convolution of images [n, c, h, w] with `weight` [o, c, k, k], without bias.
    public func convolved(with weight: Tensor, stride: Int, padding: Int) throws(TorchError)
        -> Tensor
    {
        try made { nvt_convolution(handle, weight.handle, Int64(stride), Int64(padding), $0) }
    }
    /// self [n, i] times `weight` [o, i] transposed, without bias.
    public func linear(_ weight: Tensor) throws(TorchError) -> Tensor {
        try made { nvt_linear(handle, weight.handle, $0) }
    }
    public func rectified() throws(TorchError) -> Tensor { try made { nvt_relu(handle, $0) } }
    public func maxPooled(kernel: Int) throws(TorchError) -> Tensor {
        try made { nvt_max_pool(handle, Int64(kernel), Int64(kernel), $0) }
    }
    public func averagePooled(kernel: Int) throws(TorchError) -> Tensor {
        try made { nvt_average_pool(handle, Int64(kernel), Int64(kernel), $0) }
    }
    /// Each `step`-th row and column of images, the first included.
    public func subsampled(step: Int) throws(TorchError) -> Tensor {
        try made { nvt_average_pool(handle, 1, Int64(step), $0) }
    }
    /// Images [n, c, h, w] unrolled: [n, c·k·k, h'·w'], the channel slowest.
    public func unrolled(kernel: Int, stride: Int, padding: Int) throws(TorchError) -> Tensor {
        try made { nvt_im2col(handle, Int64(kernel), Int64(stride), Int64(padding), $0) }
    }
    /// Mean cross entropy of logits [n, classes] against labels [n] (Int64) or shares
    /// [n, classes] (Float32); the share `smoothing` of each label is spread evenly over all
    /// classes.
    public func crossEntropy(_ labels: Tensor, smoothing: Double = 0) throws(TorchError) -> Tensor {
        try made { nvt_cross_entropy(handle, labels.handle, smoothing, $0) }
    }
    /// Mean Shannon entropy −Σ p·ln p of the predictions that logits [n, classes] stand for.
    public func entropy() throws(TorchError) -> Tensor { try made { nvt_entropy(handle, $0) } }
    /// How far the predictions that logits [n, classes] stand for are apart, a scalar:
    ///
    ///     JS = (1/V)·Σ_v KL(p_v ‖ m),   m = (1/V)·Σ_v p_v,   the mean over rows
    ///
    /// 0 where all are alike, at most ln V.
    public static func jensenShannonDivergence(_ logits: [Tensor]) throws(TorchError) -> Tensor {
        let handles: [nvt_tensor?] = logits.map(\.handle)
        return try made { nvt_jensen_shannon(handles, Int32(handles.count), $0) }
    }
    /// The predictions p = e^s/Σ e^s that logits s [n, classes] stand for.
    public func softmax() throws(TorchError) -> Tensor { try made { nvt_softmax(handle, $0) } }
    /// ½ Σ_n Σ_c (x[n, c] − y[n, c])² of self [n, classes].
    ///
    /// - Parameter targets: y, or labels [n] (Int64), which stand for y = [c = label n].
    public func halfSquaredError(to targets: Tensor) throws -> Tensor {
        let shares =
            targets.shape.count == 1
            ? try LabelledImages.shares(of: targets, classes: shape[1]) : targets
        let error = try adding(shares, times: -1)
        return try error.reshaped([1, count]).matrixProduct(error.reshaped([count, 1]))
            .reshaped([]).scaled(by: 0.5)
    }
    /// Zero channels before and behind those of [n, c, h, w].
    public func paddedChannels(before: Int, behind: Int) throws(TorchError) -> Tensor {
        try made { nvt_pad_channels(handle, Int64(before), Int64(behind), $0) }
    }
    /// Images [n, c, h, w] in a frame of the colour [c], `padding` pixels wide.
    public func framed(by padding: Int, colour: Tensor) throws(TorchError) -> Tensor {
        try made { nvt_frame(handle, colour.handle, Int64(padding), $0) }
    }
    /// Of each image in a frame of zeros the window of its own size at `rows`,
    /// `columns` (Int64 [n], 0 … 2·padding), mirrored left to right where
    /// `mirrored` (bool [n]) is true.
    public func cropped(
        rows: Tensor, columns: Tensor, mirrored: Tensor, padding: Int
    ) throws(TorchError) -> Tensor {
        try made {
            nvt_crop(
                handle, rows.handle, columns.handle, mirrored.handle, Int64(padding), $0)
        }
    }
}

// MARK: - In place, inside the gradient

extension Tensor {
    /// self = max(0, self). What wrote self must not need it for its gradient.
    public func rectify() throws(TorchError) { try check(nvt_relu_in_place(handle)) }
    /// self += other. What wrote self must not need it for its gradient.
    public func accumulate(_ other: Tensor) throws(TorchError) {
        try check(nvt_sum_in_place(handle, other.handle))
    }
}

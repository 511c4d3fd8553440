extension FineTuning {
    /// What fine-tuning makes small, p = softmax(scores):
    ///
    /// | loss | of n images | labels |
    /// |---|---|---|
    /// | squared error | ½ Σ_n Σ_c (p[n, c] − [c = label n])² | yes |
    /// | cross entropy | −1/n Σ_n ln p[n, label n] | yes |
    /// | entropy | −1/n Σ_n Σ_c p[n, c]·ln p[n, c] | no |
    ///
    /// The squared error is taken of the predictions, since the scores of a network that
    /// was trained by cross entropy lie nowhere near 0 and 1. Both learning rules take
    /// steps whose size doesn't depend on the loss's scale.
    public enum Loss: String, Codable, CaseIterable, Sendable {
        case squaredError = "squared-error"
        case crossEntropy = "cross-entropy"
        case entropy

        /// What of the images it looks at.
        public var data: AdaptationData { self == .entropy ? .images : .labelledImages }
    }

    func loss(of scores: Tensor, _ labels: Tensor) throws -> Tensor {
        switch loss {
        case .squaredError: try scores.softmax().halfSquaredError(to: labels)
        case .crossEntropy: try scores.crossEntropy(labels)
        case .entropy: try scores.entropy()
        }
    }
}

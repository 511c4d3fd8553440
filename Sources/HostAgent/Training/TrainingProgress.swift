/// Where a training run stands.
public struct TrainingProgress: Sendable {
    public let epoch: Int
    public let epochs: Int
    /// Images seen since the start, of all that will be.
    public let images: Int
    public let imagesTotal: Int
    /// The latest batch's; `nil` where it wasn't looked at.
    public let loss: Double?
    /// Whether an epoch just ended.
    public let endsEpoch: Bool
    /// Of the epoch that just ended, where the training is in WAGE's integers.
    public let zeros: WAGEZeros?
}

/// The epoch whose network a training that may stop early ends with.
public struct BestEpoch: Codable, Equatable, Sendable {
    public let epoch: Int
    /// On held-out images, under the deviations of the plan's `StoppingRule`.
    public let accuracy: Accuracy
}

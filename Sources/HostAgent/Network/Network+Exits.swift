internal import Glibc

/// Several exits: class scores behind some blocks, besides those at the end.
extension Network {
    /// Exits, that at the end included.
    public var exitCount: Int { 1 + blocks.count { !$0.exit.isEmpty } }

    /// Class scores [n, classes] at each exit, the deepest last.
    public func exitScores(_ images: Tensor, with products: any MatrixProducts) throws -> [Tensor] {
        var scores: [Tensor] = []
        var features = images
        for block in blocks {
            features = try block.forward(features, with: products)
            if !block.exit.isEmpty {
                scores.append(try block.exitScores(features, with: products))
            }
        }
        return scores + [features]
    }

    /// Class scores [n, classes] at one exit, the shallowest 0; nothing behind it is
    /// computed, and no other exit's head.
    public func scores(
        _ images: Tensor, atExit exit: Int, with products: any MatrixProducts
    ) throws -> Tensor {
        precondition((0 ..< exitCount).contains(exit))
        var (features, passed) = (images, 0)
        for block in blocks {
            features = try block.forward(features, with: products)
            guard !block.exit.isEmpty else { continue }
            if passed == exit { return try block.exitScores(features, with: products) }
            passed += 1
        }
        return features
    }

    /// What the loss of each exit counts for while training, the deepest last:
    ///
    ///     w_e = 2·(E − e)/(E·(E + 1)),   e = 0 … E − 1,   Σ w_e = 1
    ///
    /// so that shallower exits count for more (3 : 2 : 1 of three; chosen).
    public var exitWeights: [Double] {
        let count = exitCount
        return (0 ..< count).map { 2 * Double(count - $0) / Double(count * (count + 1)) }
    }

    /// The loss of training: the weighted sum of the exits' cross entropies.
    public func loss(
        _ images: Tensor, _ labels: Tensor, smoothing: Double, with products: any MatrixProducts
    ) throws -> Tensor {
        try loss(images, with: products) { try $0.crossEntropy(labels, smoothing: smoothing) }
    }

    /// The weighted sum of the exits' losses.
    func loss(
        _ images: Tensor, with products: any MatrixProducts,
        of exitLoss: (_ scores: Tensor) throws -> Tensor
    ) throws -> Tensor {
        let losses = try exitScores(images, with: products).map(exitLoss)
        guard losses.count > 1 else { return losses[0] }
        let weighted = try zip(losses, exitWeights).map { try $0.scaled(by: $1) }
        return try weighted[1...].reduce(weighted[0]) { try $0.adding($1) }
    }

    /// Where an image left, and what for.
    public struct Departure: Equatable, Sendable {
        /// Number of the exit, the shallowest 0.
        public let exit: Int
        public let predicted: Int
    }

    /// Sends each image out at the first exit whose prediction has an entropy below
    /// `threshold` (nats), else at the last. Who has left is not computed further.
    /// Scores that are no numbers have no entropy below anything.
    ///
    /// - Shape: `images` [n, c, h, w]; the result has n entries, in the same order.
    public func departures(
        _ images: Tensor, threshold: Double, with products: any MatrixProducts
    ) throws -> [Departure] {
        var departures = [Departure?](repeating: nil, count: images.shape[0])
        var waiting = Array(departures.indices)
        var features = images
        var exit = 0
        /// - Parameter threshold: `nil`: all leave.
        func settle(_ scores: Tensor, below threshold: Double?) throws -> [Int] {
            let values = try scores.floats()
            return waiting.indices.filter { row in
                let scores = values[row * classes ..< (row + 1) * classes]
                if let threshold, !(Self.entropy(scores) < threshold) { return true }
                let best = scores.indices.max { scores[$0] < scores[$1] }
                departures[waiting[row]] = Departure(
                    exit: exit, predicted: (best ?? scores.startIndex) - scores.startIndex)
                return false
            }
        }
        for block in blocks where !waiting.isEmpty {
            features = try block.forward(features, with: products)
            guard !block.exit.isEmpty else { continue }
            let kept = try settle(block.exitScores(features, with: products), below: threshold)
            if kept.count < waiting.count {
                features = try features.selected(
                    .integers(kept.map(Int64.init), shape: [kept.count]))
                waiting = kept.map { waiting[$0] }
            }
            exit += 1
        }
        if !waiting.isEmpty { _ = try settle(features, below: nil) }
        return departures.map { departure in
            guard let departure else { preconditionFailure("an image found no exit") }
            return departure
        }
    }

    /// The entropy of the prediction that scores stand for, in nats:
    ///
    ///     H = −Σ_k p_k·ln p_k = ln Z − Σ_k p_k·(s_k − s_max),
    ///     p_k = e^(s_k − s_max)/Z,   Z = Σ_k e^(s_k − s_max)
    ///
    /// 0 for certainty, ln K where all K classes are alike.
    public static func entropy(_ scores: some Collection<Float>) -> Double {
        let largest = Double(scores.max() ?? 0)
        let shifted = scores.map { Double($0) - largest }
        let powers = shifted.map { exp($0) }
        let sum = powers.reduce(0, +)
        return log(sum) - zip(powers, shifted).reduce(0) { $0 + $1.0 * $1.1 } / sum
    }
}

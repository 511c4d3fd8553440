/// Fine-tunes some layers of a network in the loop with the chip: a layer, a block, or
/// all of it.
///
/// The inputs of the first layer that learns are measured once, through the chip. Then,
/// batch by batch, the chip computes this layer and all behind it; the gradient goes
/// through the host's shadow weights; the shadow moves; and every few steps the weights
/// whose shadow has left the code on the chip by at least `threshold` codes are written
/// again. Smaller moves stay in the shadow, which saves pulses, but the loss doesn't see
/// them. At the end the shadow becomes what the chip holds.
///
/// Adam moves a weight by the rate whatever the size of its gradient, and all weights of
/// an output together: a product of n inputs moves by up to n·Δ for a step Δ. So a layer's
/// step on the chip is
///
///     Δ = rateCodes·min(1, 25/n)
///
/// and a weight is written once it has moved by three such steps, or by one code where these
/// are less: else many weights jump at once by codes that no loss has seen.
///
/// Batch norms keep γ, β and their statistics: what is won is won by the weights of the
/// layers alone. Biases are digital and learn for free, but not under WAGE.
///
/// With `Loop.host` the host computes the layers that learn, in floating point, and they
/// are written once, at the end: a classifier retrained on what this chip makes of the
/// images.
///
/// - Source: the blocks, losses and WAGE after a thesis on benchmarking test-time
///   adaptation with compute-in-memory. Adam's rate falling as 1/n: Yang et al., "Tensor
///   programs V", 2021. The rate in codes, and the steps to a writing, are chosen.
public struct FineTuning: AdaptationStrategy {
    /// How gradients become steps of the shadow.
    public enum Rule: Equatable, Sendable {
        /// Adam in floating point; a step is about Δ codes.
        case adam
        /// Errors and steps of few bits: the largest gradient moves a weight by about
        /// `rateCodes`, and all by whole codes where gradients have 8 bits.
        case wage(WAGE)
    }

    /// Where the layers that learn are computed meanwhile.
    public enum Loop: Equatable, Sendable {
        /// On the chip, which is written after so many steps each, and after the last.
        case chip(every: Int)
        /// On the host.
        case host
    }

    /// Of the layers that learn.
    public var layers: [String]
    /// For tables: what these layers are.
    public var title: String
    public var loss: Loss
    public var rule: Rule
    public var loop: Loop
    public var method: ProgramOptions.Method
    public var epochs: Int
    public var batch: Int
    /// The size of a step, falling along a cosine.
    public var rateCodes: Double
    /// Step of Adam of the bias.
    public var rateBias: Double
    /// Codes by which the shadow must have moved before a weight is written; `nil`: three
    /// steps of its layer, at least 1 code, for Adam on the chip; 1 else, where the chip
    /// holds what was learned.
    public var threshold: Int?
    public var seed: UInt64

    /// - Parameters:
    ///   - title: `nil`: the layers' names.
    ///   - rateCodes: `nil`: 2 for Adam (chosen for a first convolution of 9 to 25 inputs),
    ///     4 for WAGE (chosen on the embedded digits, contrast lowered: 4 to 16 win back alike
    ///     with labels, without them more is too much).
    public init(
        layers: [String], title: String? = nil, loss: Loss = .crossEntropy, rule: Rule = .adam,
        loop: Loop = .chip(every: 1), method: ProgramOptions.Method = .writeVerify,
        epochs: Int = 6, batch: Int = 128, rateCodes: Double? = nil, rateBias: Double = 0.02,
        threshold: Int? = nil, seed: UInt64 = 1
    ) {
        precondition(epochs >= 1 && batch >= 1 && loop != .chip(every: 0))
        self.layers = layers
        self.title = title ?? layers.joined(separator: ", ")
        self.loss = loss
        self.rule = rule
        self.loop = loop
        self.method = method
        self.epochs = epochs
        self.batch = batch
        self.rateCodes = rateCodes ?? (rule == .adam ? 2 : 4)
        self.rateBias = rateBias
        self.threshold = threshold
        self.seed = seed
    }

    /// Inputs of a product, n, up to which a layer takes the whole step (chosen: a 5 × 5
    /// kernel on one channel; with a step of 2 codes in every layer, written from 6 codes on,
    /// VGG-8 of a quarter of the width, on a chip without noise, adapted to training images as
    /// they are, fell from 90 % to 12 % of 400 others).
    static let inputsOfWholeStep = 25.0

    private var isAdamOnChip: Bool { rule == .adam && loop != .host }

    /// Δ of a layer; WAGE's steps know its gradients, and the host sees each of its own.
    func rateCodes(of layer: MatrixLayer) -> Double {
        isAdamOnChip
            ? rateCodes * min(1, Self.inputsOfWholeStep / Double(layer.rows)) : rateCodes
    }

    func threshold(of layer: MatrixLayer) -> Int {
        threshold ?? (isAdamOnChip ? max(1, Int((3 * rateCodes(of: layer)).rounded())) : 1)
    }

    public var name: String {
        (loop == .host ? "retraining of \(title)" : "fine-tuning of \(title)")
            + (loss == .crossEntropy ? "" : ", \(loss.rawValue)") + (rule == .adam ? "" : ", WAGE")
    }
    public var data: AdaptationData { loss.data }
}

/// Fine-tunes some layers of a network in the loop with the chip: a layer, a block, or
/// all of it.
///
/// The inputs of the first layer that learns are measured once, through the chip. Then,
/// batch by batch, the chip computes this layer and all behind it; the gradient goes
/// through the host's shadow weights; the shadow moves; and every few steps the weights
/// whose shadow has left the code on the chip by at least `threshold` codes are written
/// again. Smaller moves stay in the shadow: writing them would cost pulses and add a
/// deviation larger than the move. At the end the shadow becomes what the chip holds.
///
/// Batch norms keep γ, β and their statistics: what is won is won by the weights of the
/// layers alone. Biases are digital and learn for free, but not under WAGE.
///
/// With `Loop.host` the host computes the layers that learn, in floating point, and they
/// are written once, at the end: a classifier retrained on what this chip makes of the
/// images.
///
/// - Source: the blocks, losses and WAGE after a thesis on benchmarking test-time
///   adaptation with compute-in-memory; the threshold, and Adam with its rate in codes,
///   are chosen.
public struct FineTuning: AdaptationStrategy {
    /// How gradients become steps of the shadow.
    public enum Rule: Equatable, Sendable {
        /// Adam in floating point; a step of `rateCodes` is about so many codes.
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
    /// Codes by which the shadow must have moved before a weight is written.
    public var threshold: Int
    public var seed: UInt64

    /// - Parameters:
    ///   - title: `nil`: the layers' names.
    ///   - rateCodes: `nil`: 2 for Adam, 4 for WAGE (chosen on the embedded digits, contrast
    ///     lowered: 4 to 16 win back alike with labels, without them more is too much).
    ///   - threshold: `nil`: 6 for Adam on the chip; 1 else, where the chip holds what
    ///     was learned.
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
        self.threshold = threshold ?? (rule == .adam && loop != .host ? 6 : 1)
        self.seed = seed
    }

    public var name: String {
        (loop == .host ? "retraining of \(title)" : "fine-tuning of \(title)")
            + (loss == .crossEntropy ? "" : ", \(loss.rawValue)") + (rule == .adam ? "" : ", WAGE")
    }
    public var data: AdaptationData { loss.data }
}

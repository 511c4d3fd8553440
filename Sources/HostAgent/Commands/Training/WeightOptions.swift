import ArgumentParser
import HostKit

/// What a network multiplies with while it is trained: noise, deviations, bits, integers.
struct WeightOptions: ParsableArguments {
    @Option(help: "A daemon's endpoint: the weight noise is taken from its chip's data sheet.")
    var endpoint: String?
    @Option(help: "Serial of that chip (default: the only one).")
    var chip: UInt32 = 0
    @Option(
        help: ArgumentHelp(
            "σ of the weight noise while training, relative to a layer's largest weight; 0: none "
                + "(default: LeNets 0.07, CIFAR's networks 0, or the chip's where --endpoint is given)."
        ))
    var noise: Double?
    @Option(
        help: "Keep weights within this many standard deviations of the initial ones; 0: anywhere.")
    var clip: Double?
    @Option(
        help: ArgumentHelp(
            "Weight scales of 8-bit codes: max or mmse (default: max; with --bits always mmse)."),
        transform: WeightQuantisation.Method.init(argument:))
    var weightScale: WeightQuantisation.Method?

    @Option(
        help: ArgumentHelp(
            "Bits of activations and weights, 2 … 8 each, as A2W2, A4W2, A8W4 or A8W8: "
                + "quantisation-aware training, with scales fixed at its start. With few bits start "
                + "from a network trained in floating point: --start.", valueName: "AxWy"),
        transform: BitSetting.init(argument:))
    var bits: BitSetting?
    @Option(
        help: ArgumentHelp(
            "Train for chips whose weights deviate, in place of --noise: weight-proportional "
                + "(relative to the weight) or layer-fixed (to the layer's largest)."),
        transform: WeightVariation.Form.init(argument:))
    var variation: WeightVariation.Form?
    @Option(help: "σ of each weight's deviation, 0 … 10.")
    var variationSigma: Double?
    @Option(help: "σ of a deviation that a chip's weights share, 0 … 10 (default: 0).")
    var variationBetween: Double?
    @Option(help: "Chips drawn for each step, 1 … 100 (default: 1).")
    var variationSamples: Int?
    @Flag(
        help: ArgumentHelp(
            "Learn in integers of 8 bits (WAGE): weights, activations, gradients and errors. Its "
                + "loss is the sum of squared errors and its weights are its own, without biases. "
                + "It was made for networks without batch norm; where there are batch norms, they "
                + "measure mean and variance and keep γ = 1 and β = 0."))
    var wage = false

    func validate() throws {
        try checkRange("--noise", noise, 0 ... 1)
        try checkRange("--clip", clip, 0 ... 1e6)
        try checkRange("--variation-sigma", variationSigma, 0 ... 10)
        try checkRange("--variation-between", variationBetween, 0 ... 10)
        try checkRange("--variation-samples", variationSamples, 1 ... 100)
        try checkCombinations()
    }

    private func checkCombinations() throws {
        if variation == nil {
            let parts = [
                ("--variation-sigma", variationSigma != nil),
                ("--variation-between", variationBetween != nil),
                ("--variation-samples", variationSamples != nil),
            ]
            if let option = parts.first(where: \.1)?.0 {
                throw ValidationError("\(option) stands beside --variation.")
            }
        } else if variationSigma == nil && variationBetween == nil {
            throw ValidationError(
                "--variation needs --variation-sigma, --variation-between or both.")
        }
        let noises = [("--noise", noise != nil), ("--endpoint", endpoint != nil)]
        let others = [
            ("--bits", bits != nil), ("--variation", variation != nil), ("--clip", clip != nil),
            ("--weight-scale", weightScale != nil),
        ]
        func refuse(_ option: String, beside list: [(String, Bool)]) throws {
            if let other = list.first(where: \.1)?.0 {
                throw ValidationError("\(option) and \(other) exclude each other.")
            }
        }
        if wage { try refuse("--wage", beside: noises + others) }
        if variation != nil { try refuse("--variation", beside: noises) }
        if bits != nil { try refuse("--bits", beside: [others[3]]) }
    }

    func apply(to plan: inout TrainingPlan) throws {
        if wage { plan.use(WAGE()) }
        plan.bits = bits
        plan.clip = clip.flatMap { $0 == 0 ? nil : $0 }
        if let variation {
            plan.noise = 0
            plan.variation = WeightVariation(
                variation, betweenChip: variationBetween ?? 0, withinChip: variationSigma ?? 0)
            plan.variationSamples = variationSamples ?? 1
        } else if let noise {
            plan.noise = noise
        } else if let endpoint {
            let sheet = try WireChipSession(endpoint: endpoint, chip: chip).dataSheet
            plan.noise = sheet.weightDeviation(
                slices: (8 + sheet.bitsPerCell - 1) / sheet.bitsPerCell)
        }
    }
}

extension WeightQuantisation.Method {
    /// As an option names it.
    init(argument: String) throws {
        guard let method = Self(rawValue: argument) else {
            throw ValidationError("the scale must be max or mmse, not '\(argument)'.")
        }
        self = method
    }
}

extension WeightVariation.Form {
    /// As an option names it.
    init(argument: String) throws {
        guard let form = Self(rawValue: argument) else {
            throw ValidationError(
                "the variation must be weight-proportional or layer-fixed, not '\(argument)'.")
        }
        self = form
    }
}

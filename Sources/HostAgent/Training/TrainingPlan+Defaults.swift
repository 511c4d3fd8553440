extension TrainingPlan {
    /// The plan that `train` starts from. Width, passes, rate, noise and shift of
    /// lenet-8x8 were chosen by the last 300 training images, never by the test's.
    ///
    /// For CIFAR's networks the windows, the mirroring, Nesterov's momentum of 0.9 and the
    /// rate 0.1 are those of He et al. 2016 and Huang et al. 2017, the decay 5e-4 that of
    /// Zagoruyko and Komodakis 2016. The rate 0.2 of networks with shortcuts, the cosine
    /// and the few epochs are chosen, and fitted to nothing.
    public static func `default`(for model: String) throws -> TrainingPlan {
        switch try ModelName(model).family {
        case .lenet3, .lenet5: return TrainingPlan(rate: 4e-3)
        case .lenet8x8: return TrainingPlan(epochs: 200, rate: 5e-3, shift: 0.75)
        case .vgg8, .vgg11, .vgg16: return cifar(epochs: 20, rate: 0.1)
        case .resnet18, .resnet20, .resnet32, .resnet44, .resnet56, .resnet110, .densenet40:
            return cifar(epochs: 30, rate: 0.2)
        }
    }

    private static func cifar(epochs: Int, rate: Double) -> TrainingPlan {
        var plan = TrainingPlan(
            epochs: epochs, batch: 128, rate: rate, optimiser: .momentum(0.9, isNesterov: true),
            noise: 0)
        plan.warmUpEpochs = 2
        plan.weightDecay = 5e-4
        plan.crop = 4
        plan.mirrors = true
        return plan
    }

    /// Takes another optimiser, with the rate that is usual for it: 2e-3 of Adam, 0.02
    /// with momentum (chosen). The plan's own keeps the plan's rate.
    public mutating func use(_ kind: OptimiserKind) {
        guard kind != optimiser else { return }
        optimiser = kind
        rate = kind == .adam ? 2e-3 : 0.02
    }

    /// Trains in WAGE's integers: no noise, decay or warm-up, and the rate falls by steps
    /// from 1, that of Wu et al. (ICLR 2018, section 4.1) on MNIST. Theirs of 8 on CIFAR-10
    /// is one for weights of 2 bits, which start wide; with 8 bits VGG-8 and ResNet-20
    /// don't learn from it. A tenth instead of their eighth: a step is right in the mean
    /// for any rate.
    public mutating func use(_ wage: WAGE) {
        self.wage = wage
        (noise, weightDecay, warmUpEpochs, shape, rate) = (0, 0, 0, .step, 1)
    }
}

public import Protocol

/// What a network can't do.
public enum NetworkError: StatusError, Equatable {
    case unknownModel(String)
    case wrongSetting(model: String, setting: String, allowed: String)
    case unknownLayer(String, layers: [String])
    case unknownBlock(String, blocks: [String])
    case wrongInsertions(model: String, asked: Int?, places: Int)
    case imagesDoNotFit(network: String, expected: [Int], found: [Int])
    case noCalibrationInputs(layer: String)
    case noHeldOutImages
    case diverged(epoch: Int)
    case tooWideForWAGE(layer: String, inputs: Int)
    case tooFewClasses(network: String, classes: Int, label: Int)
    case cannotFold(network: String)

    public var description: String {
        switch self {
        case .unknownModel(let name):
            "there is no model '\(name)'; choose one of \(ModelName.forms)"
        case .wrongSetting(let model, let setting, let allowed):
            "the model '\(model)' can't have the setting '\(setting)'; allowed: \(allowed)"
        case .unknownLayer(let name, let layers):
            "there is no layer '\(name)'; this network has \(layers.joined(separator: ", "))"
        case .unknownBlock(let name, let blocks):
            "there is no block '\(name)'; this network has \(blocks.joined(separator: ", "))"
        case .wrongInsertions(let model, _, 0): "\(model) has no place for a shared block"
        case .wrongInsertions(let model, let asked, let places):
            "a shared block has 1 … \(places) insertions in \(model), not \(asked ?? 0)"
        case .imagesDoNotFit(let network, let expected, let found):
            "\(network) takes images of \(expected.times), the data has \(found.times)"
        case .noCalibrationInputs(let layer):
            "no calibration image reaches the layer '\(layer)': its converters' range is unknown"
        case .noHeldOutImages:
            "a training that may stop early needs held-out images; there are none"
        case .diverged(let epoch):
            "the training diverged at epoch \(epoch): its loss is no number; try a smaller rate"
        case .tooWideForWAGE(let layer, let inputs):
            "WAGE would divide the products of the layer '\(layer)' with its \(inputs) inputs, "
                + "which a chip can't"
        case .tooFewClasses(let network, let classes, let label):
            "\(network) has \(classes) classes, the data the label \(label)"
        case .cannotFold(let network):
            "\(network) can't take the normalisation of images into its first convolution: its "
                + "padding is black"
        }
    }
}

extension NetworkError {
    public var exitStatus: ExitStatus {
        switch self {
        case .unknownModel, .wrongSetting, .unknownLayer, .unknownBlock, .wrongInsertions,
            .noHeldOutImages, .diverged, .tooWideForWAGE, .cannotFold:
            .usage
        case .imagesDoNotFit, .noCalibrationInputs, .tooFewClasses: .data
        }
    }
}

extension [Int] {
    /// "1 × 28 × 28".
    var times: String { map(String.init).joined(separator: " × ") }
}

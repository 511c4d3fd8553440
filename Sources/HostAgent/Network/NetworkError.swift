public import Protocol

/// What a network can't do.
public enum NetworkError: StatusError, Equatable {
    case unknownModel(String)
    case wrongSetting(model: String, setting: String, allowed: String)
    case unknownLayer(String, layers: [String])
    case unknownBlock(String, blocks: [String])
    case imagesDoNotFit(network: String, expected: [Int], found: [Int])
    case noCalibrationInputs(layer: String)
    case noHeldOutImages
    case diverged(epoch: Int)

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
        case .imagesDoNotFit(let network, let expected, let found):
            "\(network) takes images of \(expected.times), the data has \(found.times)"
        case .noCalibrationInputs(let layer):
            "no calibration image reaches the layer '\(layer)': its converters' range is unknown"
        case .noHeldOutImages:
            "a training that may stop early needs held-out images; there are none"
        case .diverged(let epoch):
            "the training diverged at epoch \(epoch): its loss is no number; try a smaller rate"
        }
    }
}

extension NetworkError {
    public var exitStatus: ExitStatus {
        switch self {
        case .unknownModel, .wrongSetting, .unknownLayer, .unknownBlock, .noHeldOutImages,
            .diverged:
            .usage
        case .imagesDoNotFit, .noCalibrationInputs: .data
        }
    }
}

extension [Int] {
    /// "1 × 28 × 28".
    var times: String { map(String.init).joined(separator: " × ") }
}

extension WireEvent.Kind {
    /// The kind's name in a topic.
    public var label: String {
        switch self {
        case .programmed: "programmed"
        case .lease: "lease"
        case .wear: "wear"
        case .fault: "fault"
        case .clock: "clock"
        case .power: "power"
        case .unspecified: "unspecified"
        case .UNRECOGNIZED(let number): "kind-\(number)"
        }
    }
}

extension WireEvent {
    /// "programmed.1": the kind, a full stop, the serial.
    public var topic: String { "\(kind.label).\(chip)" }
}

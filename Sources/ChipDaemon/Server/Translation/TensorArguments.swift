internal import Protocol

/// The tensors of a request, taken out one after the other with what each must be.
///
/// The decoder has checked that descriptors and frames agree; here their meaning is checked.
struct TensorArguments {
    let request: IncomingRequest
    private var next = 0

    init(_ request: IncomingRequest) { self.request = request }

    /// The next tensor: one of `types`, with `rank` dimensions, in `unit`.
    mutating func take(
        _ role: String, types: [WireTensor.TypeEnum], unit: WireTensor.Unit, rank: Int
    ) throws(WireError) -> (tensor: WireTensor, frame: Frame) {
        guard next < request.tensors.count else {
            throw .tensor(
                "tensors has \(request.tensors.count) entries; entry \(next), \(role), is missing")
        }
        let tensor = request.request.tensors[next]
        let name = "tensors[\(next)] (\(role))"
        guard types.contains(tensor.type) else {
            let list = types.map(\.label).joined(separator: " or ")
            throw .tensor("\(name) is \(tensor.type.label); allowed: \(list)")
        }
        guard tensor.unit == unit else {
            throw .tensor("\(name) has the unit \(tensor.unit); allowed: \(unit)")
        }
        guard tensor.shape.count == rank else {
            throw .tensor("\(name) is \(tensor.label); it must have \(rank) dimensions")
        }
        defer { next += 1 }
        return (tensor, request.tensors[next])
    }

    /// - Precondition: the decoder has found the frame to be a whole number of elements.
    static func elements<Element: BitwiseCopyable>(_ frame: Frame, as: Element.Type) -> [Element] {
        guard let elements = frame.elements(of: Element.self) else {
            preconditionFailure("the decoder lets no frame of a wrong size pass")
        }
        return elements
    }

    /// After all were taken.
    func finish() throws(WireError) {
        guard next == request.tensors.count else {
            throw .tensor(
                "tensors has \(request.tensors.count) entries; this command takes \(next)")
        }
    }
}

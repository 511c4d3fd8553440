internal import CTorch
internal import Glibc
public import Protocol

/// What libtorch refused, in its own words.
public struct TorchError: StatusError, Equatable, Sendable {
    /// The sentence, without a stack trace.
    public let sentence: String

    public var description: String { "libtorch: \(sentence)" }
    public var exitStatus: ExitStatus { .software }
}

/// Throws the sentence of a failed shim call and frees it.
func check(_ failure: nvt_failure?) throws(TorchError) {
    guard let failure else { return }
    defer { free(failure) }
    throw TorchError(sentence: String(cString: failure))
}

/// The tensor that a shim call hands out.
func made(_ call: (UnsafeMutablePointer<nvt_tensor?>) -> nvt_failure?) throws(TorchError) -> Tensor
{
    var handle: nvt_tensor?
    try check(call(&handle))
    guard let handle else { throw TorchError(sentence: "a call returned neither tensor nor error") }
    return Tensor(owning: handle)
}

/// The number that a shim call hands out.
func measured(_ call: (UnsafeMutablePointer<Double>) -> nvt_failure?) throws(TorchError) -> Double {
    var number = 0.0
    try check(call(&number))
    return number
}

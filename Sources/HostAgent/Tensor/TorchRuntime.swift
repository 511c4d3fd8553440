internal import CTorch
internal import Glibc

/// The settings of libtorch that belong to the process.
public enum TorchRuntime {
    /// Sets the number of threads (`nil`: all cores), keeps other thread pools
    /// quiet and tells malloc to keep freed activations. Called on start,
    /// before the first tensor; again only for another number of threads.
    ///
    /// The tensors of one computation stay on one thread: libtorch's workers
    /// belong to the thread that calls it.
    public static func configure(threads: Int? = nil) throws(TorchError) {
        try check(nvt_configure(Int32(clamping: threads ?? coreCount)))
    }

    /// Threads in use.
    public static var threads: Int { Int(nvt_threads()) }
    /// libtorch's version.
    public static var version: String { String(cString: nvt_version()) }
    /// Cores of this machine.
    public static var coreCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}

/// Runs `body` without recording gradients.
///
/// The mode belongs to the calling thread, so the body is synchronous: it can't
/// wake up on another thread, nor leave this one in the wrong mode.
public func noGrad<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let before = nvt_set_gradient_mode(false)
    defer { _ = nvt_set_gradient_mode(before) }
    return try body()
}

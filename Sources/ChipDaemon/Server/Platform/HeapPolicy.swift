internal import Glibc

/// How the C library's heap treats large blocks. Products make arrays of some hundred kilobytes
/// thousands of times a second; handed back to the system each time, they would be mapped and
/// zeroed anew page by page, which takes half as long as the product.
package enum HeapPolicy {
    private typealias SetOption = @convention(c) (_ option: Int32, _ value: Int32) -> Int32
    // Of glibc's malloc.h, which Swift's module leaves out.
    private static let trimThreshold: Int32 = -1
    private static let mapThreshold: Int32 = -3

    /// Blocks up to 32 MiB, the most that glibc allows, stay with the process. Another C library
    /// is left as it is.
    package static func keepBlocks() {
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let set = unsafeBitCast(symbol, to: SetOption.self)
        _ = set(mapThreshold, 32 << 20)
        _ = set(trimThreshold, 64 << 20)
    }
}

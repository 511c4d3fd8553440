internal import Glibc

/// A line on the terminal that is written over; silent where standard error
/// isn't a terminal.
public final class ProgressLine {
    private let isShown: Bool
    private let start = ContinuousClock.now
    private var latest: ContinuousClock.Instant

    public init() {
        isShown = isatty(STDERR_FILENO) == 1
        latest = start
    }

    /// "text  1,234 images/s, 12 s left", at most five times a second.
    public func show(_ text: @autoclosure () -> String, images: Int, of total: Int) {
        guard isShown else { return }
        let now = ContinuousClock.now
        guard now - latest > .milliseconds(200) else { return }
        latest = now
        let seconds = (now - start) / .seconds(1)
        let speed = Double(images) / seconds
        let left = Double(total - images) / max(speed, 1e-9)
        write(
            "\r\u{1b}[K\(text())  \(Format.count(UInt64(speed))) images/s, \(Format.duration(left)) left"
        )
    }

    /// Clears the line.
    public func end() {
        if isShown { write("\r\u{1b}[K") }
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }
}

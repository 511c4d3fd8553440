internal import Glibc

/// A line on the terminal that is written over; silent where standard error
/// isn't a terminal.
public final class ProgressLine {
    private let isShown: Bool
    /// The first call: what came before it counts neither as images nor as time.
    private var start: (time: ContinuousClock.Instant, images: Int)?
    private var imagesLatest = 0
    private var latest = ContinuousClock.now

    public init() { isShown = isatty(STDERR_FILENO) == 1 }

    /// "text  1,234 images/s, 12 s left", at most five times a second.
    public func show(_ text: @autoclosure () -> String, images: Int, of total: Int) {
        guard let pace = pace(images: images, of: total) else { return }
        show("\(text())  \(pace)")
    }

    /// The text, at most five times a second.
    public func show(_ text: @autoclosure () -> String) {
        let now = ContinuousClock.now
        guard isShown, now - latest > .milliseconds(200) else { return }
        latest = now
        write("\r\u{1b}[K\(text())")
    }

    /// "1,234 images/s, 12 s left"; `nil` at the first call, and where a number below the one
    /// before says that other images began.
    public func pace(images: Int, of total: Int) -> String? {
        let now = ContinuousClock.now
        defer { imagesLatest = images }
        guard let start, images >= imagesLatest else {
            start = (now, images)
            return nil
        }
        let speed = Double(images - start.images) / ((now - start.time) / .seconds(1))
        let left = Double(total - images) / max(speed, 1e-9)
        return "\(Format.count(UInt64(max(0, speed)))) images/s, \(Format.duration(left)) left"
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

internal import Foundation
internal import Glibc

/// The end of standard input, which comes when whoever has started this process is gone,
/// however it ended.
public enum InputEnd {
    /// From now on it ends this process as SIGTERM does.
    public static func terminates() {
        Thread.detachNewThread {
            var block = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = read(STDIN_FILENO, &block, block.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
            }
            kill(getpid(), SIGTERM)
        }
    }
}

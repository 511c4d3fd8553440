/// Every bound of the wire, in one place.
///
/// They are published by `hello` and `describe`, and enforced before memory is
/// reserved or work begins. A size is bytes, a count is how many.
public enum Limits {
    /// One tensor frame of a request, and all tensor frames of one reply
    /// together: a product that would answer with more is refused before the work.
    public static let frameBytes = 64 << 20

    /// Tensor frames of one request.
    public static let frames = 4

    /// The protobuf header of a request. The longest is a `map` that names all
    /// of its tiles itself.
    public static let headerBytes = 256 << 10

    /// Cells or weights that one changing command may touch. A larger matrix is
    /// split by region, each part its own command and its own outcome.
    public static let cellsPerChange = 4 << 20

    /// Vectors of one `multiply`.
    public static let batch = 65_536

    /// Read pulses averaged by one `read`.
    public static let repeats = 4_096

    /// Sessions whose last sequence number is remembered.
    public static let sessions = 1_024

    /// Requests of one session that may wait or run at the same time.
    public static let inFlightPerSession = 8

    /// Bytes of all requests that wait, over all sessions.
    public static let queuedBytes = 1 << 30

    /// Stored outcomes of a session that its client has not acknowledged.
    public static let unacknowledged = 8

    /// The longest term of a lease.
    public static let leaseTermMilliseconds = 600_000

    /// Matrices mapped on one chip.
    public static let matrices = 1_024

    /// Bytes of a session identifier.
    public static let sessionBytes = 16

    /// Dimensions of a tensor: [slices, polarities, rows, columns] has four.
    public static let tensorRank = 4

    /// Bytes of the name of a matrix, a bank or a client.
    public static let nameBytes = 64

    /// Frames of a message that a socket keeps. What a peer sends beyond is
    /// dropped as it is read; the decoder then refuses the message by its count.
    static let framesKept = 3 + 1 + frames + 1

    /// What libzmq lets a peer announce for one frame: more closes the
    /// connection before memory is reserved. The slack lets a frame that is
    /// slightly too large be answered with a sentence.
    static let transportFrameBytes = frameBytes + (1 << 20)

    /// The limits as `hello` and `describe` publish them.
    public static var message: WireLimits {
        var limits = WireLimits()
        limits.frameBytes = UInt64(frameBytes)
        limits.frames = UInt32(frames)
        limits.cellsPerChange = UInt64(cellsPerChange)
        limits.batch = UInt32(batch)
        limits.repeats = UInt32(repeats)
        limits.sessions = UInt32(sessions)
        limits.inFlightPerSession = UInt32(inFlightPerSession)
        limits.queuedBytes = UInt64(queuedBytes)
        limits.unacknowledged = UInt32(unacknowledged)
        limits.leaseTermMs = UInt32(leaseTermMilliseconds)
        limits.matrices = UInt32(matrices)
        return limits
    }
}

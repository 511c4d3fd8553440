internal import CZeroMQ
internal import Glibc

/// The bytes of one frame, never changed after they are made.
///
/// No copy either way: a received frame wraps libzmq's message, a sent one is
/// read by libzmq in place and kept alive until it went out.
public struct Frame: Sendable {
    private let storage: Storage

    /// Copies `bytes` once, into memory whose address stays while libzmq reads it.
    public init(_ bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { Frame(copying: $0) }
    }

    public init(copying bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
    }

    /// The elements as they lie in memory: little-endian, in order.
    public init<Element: BitwiseCopyable>(elements: [Element]) {
        self = elements.withUnsafeBytes { Frame(copying: $0) }
    }

    /// Makes a frame of `count` bytes in place, so that a product can be
    /// written straight into what goes out. `fill` gets zeroed memory.
    public init(count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        precondition(count >= 0)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 64)
        _ = memory.initializeMemory(as: UInt8.self, repeating: 0)
        let storage = Storage(owned: memory, count: count)
        try fill(UnsafeMutableRawBufferPointer(rebasing: memory[0 ..< count]))
        self.storage = storage
    }

    private init(storage: Storage) { self.storage = storage }

    public static let empty = Frame([])

    public var count: Int { storage.bytes.count }

    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(storage.bytes)
    }

    /// A copy of the bytes.
    public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    /// A copy as elements, or nil when the bytes are no whole number of them.
    /// A received frame lies at any address, so it is never read in place as
    /// anything wider than a byte.
    public func elements<Element: BitwiseCopyable>(of _: Element.Type) -> [Element]? {
        let stride = MemoryLayout<Element>.stride
        guard count % stride == 0 else { return nil }
        return withUnsafeBytes { source in
            [Element](unsafeUninitializedCapacity: source.count / stride) { target, made in
                UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
                made = source.count / stride
            }
        }
    }
}

extension Frame {
    /// Below this a copy into libzmq's own message is cheaper than a reference
    /// count and a call back.
    static let inlineBytes = 256

    /// Owns either memory of ours or a received `zmq_msg_t`, and frees it.
    ///
    /// Invariant: `bytes` points into what this object owns and is never
    /// written once the frame is made; hence sharing it between threads is safe.
    fileprivate final class Storage: @unchecked Sendable {
        let bytes: UnsafeRawBufferPointer
        private let owned: UnsafeMutableRawBufferPointer?
        private let message: UnsafeMutablePointer<zmq_msg_t>?

        init(owned: UnsafeMutableRawBufferPointer, count: Int) {
            self.owned = owned
            message = nil
            bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(owned)[0 ..< count])
        }

        /// Takes over a message that libzmq has filled. It stays at its address:
        /// a small message keeps its bytes inside the structure itself.
        init(received message: UnsafeMutablePointer<zmq_msg_t>) {
            owned = nil
            self.message = message
            bytes = UnsafeRawBufferPointer(
                start: zmq_msg_data(message), count: zmq_msg_size(message))
        }

        deinit {
            owned?.deallocate()
            if let message {
                _ = zmq_msg_close(message)
                message.deallocate()
            }
        }
    }

    /// Receives one frame without waiting: nil with `errno` set when libzmq
    /// gave none.
    static func receive(from socket: UnsafeMutableRawPointer) -> (frame: Frame, more: Bool)? {
        let message = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
        _ = zmq_msg_init(message)
        while zmq_msg_recv(message, socket, ZMQ_DONTWAIT) < 0 {
            let code = zmq_errno()
            if code == EINTR { continue }
            _ = zmq_msg_close(message)
            message.deallocate()
            errno = code
            return nil
        }
        let more = zmq_msg_more(message) != 0
        return (Frame(storage: Storage(received: message)), more)
    }

    /// Hands one frame to libzmq without waiting: false with `errno` set when
    /// it was not taken.
    func send(to socket: UnsafeMutableRawPointer, more: Bool) -> Bool {
        var message = zmq_msg_t()
        let bytes = storage.bytes
        if bytes.count <= Self.inlineBytes {
            guard zmq_msg_init_size(&message, bytes.count) == 0 else { return false }
            if let source = bytes.baseAddress, bytes.count > 0 {
                memcpy(zmq_msg_data(&message), source, bytes.count)
            }
        } else {
            // libzmq reads the bytes in place and calls back, on any thread,
            // when it needs them no more.
            let owner = Unmanaged.passRetained(storage)
            let made = zmq_msg_init_data(
                &message, UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count,
                { _, owner in
                    if let owner { Unmanaged<Storage>.fromOpaque(owner).release() }
                }, owner.toOpaque())
            guard made == 0 else {
                owner.release()
                return false
            }
        }
        let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
        while zmq_msg_send(&message, socket, flags) < 0 {
            let code = zmq_errno()
            if code == EINTR { continue }
            _ = zmq_msg_close(&message)
            errno = code
            return false
        }
        return true
    }
}

import Foundation
import Protocol
import Testing

@Suite("Sockets: one thread, no waiting, no copies")
struct SocketTests {
    /// Waits for one message; a test that gets none fails instead of hanging.
    static func next(_ socket: borrowing Socket) throws -> [Frame]? {
        for _ in 0 ..< 100 {
            if let frames = try socket.receive() { return frames }
            _ = try Poll.wait(socket: socket, timeoutMilliseconds: 100)
        }
        return nil
    }

    @Test func dealerAndRouterExchangeWholeMessages() throws {
        let context = try ZMQContext()
        let router = try Socket(.router, in: context)
        try router.bind("inproc://t")
        let dealer = try Socket(.dealer, in: context)
        try dealer.connect("inproc://t")
        #expect(try dealer.receive() == nil)
        #expect(try dealer.send([Frame([1, 2]), .empty, Frame([3])]))
        let request = try #require(try Self.next(router))
        #expect(request.dropFirst().map(\.bytes) == [[1, 2], [], [3]])
        #expect(try router.send([request[0], Frame([9])]))
        #expect(try Self.next(dealer)?.map(\.bytes) == [[9]])
    }

    @Test func requestPeersHaveTheirEmptyDelimiter() throws {
        let context = try ZMQContext()
        let router = try Socket(.router, in: context)
        try router.bind("inproc://t")
        let peer = try Socket(.req, in: context)
        try peer.connect("inproc://t")
        var request = WireRequest()
        request.protocol = wireVersion
        request.describe = WireDescribe()
        #expect(try peer.send(Codec.encode(request, tensors: [])))
        let incoming = try Codec.decodeRequest(try #require(try Self.next(router)))
        #expect(incoming.routing.count == 3)
        #expect(incoming.routing[2].count == 0)
        let reply = WireReply.answering(incoming.request)
        #expect(try router.send(Codec.encode(reply, tensors: [], routing: incoming.routing)))
        let answer = try Codec.decodeReply(try #require(try Self.next(peer)))
        #expect(answer.reply == reply)
    }

    @Test(arguments: [0, 1, 255, 256, 257, 1 << 20, 32 << 20])
    func framesOfAnySizeArriveIntact(_ size: Int) throws {
        let directory = try TestDirectory.make()
        defer { TestDirectory.remove(directory) }
        let context = try ZMQContext()
        let router = try Socket(.router, in: context)
        try router.bind("ipc://\(directory)/s")
        let dealer = try Socket(.dealer, in: context)
        try dealer.connect("ipc://\(directory)/s")
        let frame = Frame(count: size) { bytes in
            for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
        }
        #expect(try dealer.send([frame, Frame([7])]))
        let message = try #require(try Self.next(router))
        #expect(message.count == 3)
        #expect(message[1].count == size)
        #expect(message[1].bytes == frame.bytes)
    }

    /// The owner of the bytes may let go while libzmq still reads them.
    @Test func sentBytesOutliveTheirFrame() throws {
        let context = try ZMQContext()
        let left = try Socket(.dealer, in: context)
        try left.bind("inproc://t")
        let right = try Socket(.dealer, in: context)
        try right.connect("inproc://t")
        for value in 0 ..< 20 as Range<UInt8> {
            #expect(try left.send([Frame([UInt8](repeating: value, count: 100_000))]))
        }
        for value in 0 ..< 20 as Range<UInt8> {
            let bytes = try #require(try Self.next(right))[0].bytes
            #expect(bytes.count == 100_000)
            #expect(bytes.allSatisfy { $0 == value })
        }
    }

    @Test func aReplyToAPeerThatLeftIsNotSent() throws {
        let context = try ZMQContext()
        let router = try Socket(.router, in: context)
        try router.bind("inproc://t")
        #expect(try router.send([Frame([1, 2, 3, 4, 5]), Frame([1])]) == false)
    }

    @Test func aFullQueueIsReportedNotWaitedFor() throws {
        let context = try ZMQContext()
        let dealer = try Socket(.dealer, in: context, options: SocketOptions(highWater: 2))
        try dealer.connect("inproc://nobody")
        var sent = 0
        while try dealer.send([Frame([1])]), sent < 100 { sent += 1 }
        #expect(sent < 100)
    }

    @Test func aMessageOfTooManyFramesIsCutAndRefused() throws {
        let context = try ZMQContext()
        let router = try Socket(.router, in: context)
        try router.bind("inproc://t")
        let dealer = try Socket(.dealer, in: context)
        try dealer.connect("inproc://t")
        #expect(try dealer.send([Frame](repeating: Frame([1]), count: 1_000)))
        let message = try #require(try Self.next(router))
        #expect(message.count < 20)
        let fault = try #require(throws: RequestFault.self) { try Codec.decodeRequest(message) }
        #expect(fault.error.reason == .limit)
        #expect(try router.receive() == nil)
    }

    @Test func aWakeupEndsAPoll() throws {
        let context = try ZMQContext()
        let socket = try Socket(.dealer, in: context)
        try socket.bind("inproc://t")
        let wakeup = try Wakeup()
        wakeup.signal()
        wakeup.signal()
        var state = try Poll.wait(socket: socket, wakeup: wakeup, timeoutMilliseconds: -1)
        #expect(state == (false, true))
        wakeup.drain()
        state = try Poll.wait(socket: socket, wakeup: wakeup, timeoutMilliseconds: 0)
        #expect(state == (false, false))
    }

    @Test func aSocketOnAnotherThreadEndsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            final class Box: @unchecked Sendable {
                let socket: Socket
                init() throws { socket = try Socket(.dealer, in: ZMQContext()) }
            }
            let box = try Box()
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                _ = try? box.socket.receive()
                done.signal()
            }
            done.wait()
            exit(0)
        }
    }

    @Test func errorsAreSentences() throws {
        let context = try ZMQContext()
        let socket = try Socket(.router, in: context)
        let error = try #require(throws: ZMQError.self) {
            try socket.bind("ipc:///nonexistent/directory/s")
        }
        #expect(error.description.hasPrefix("could not bind ipc:///nonexistent/directory/s: "))
    }
}

import LatchkeyCore
import LatchkeyNet
import Testing

@Suite struct EventLoopTests {
    @Test func `Jobs from other threads run in the order submitted`() async throws {
        let loop = try EventLoop.start(name: "test")
        defer { loop.stop() }
        let (numbers, sink) = AsyncStream.makeStream(of: Int.self)
        for number in 0..<100 { loop.submit { _ in sink.yield(number) } }
        loop.submit { _ in sink.finish() }
        var seen: [Int] = []
        for await number in numbers { seen.append(number) }
        #expect(seen == Array(0..<100))
    }

    @Test func `A scheduled action runs when its time has come and a cancelled one never`() async throws {
        let loop = try EventLoop.start(name: "test")
        defer { loop.stop() }
        let (events, sink) = AsyncStream.makeStream(of: String.self)
        loop.submit { loop in
            let due = loop.now + .milliseconds(5)
            loop.schedule(at: due) { loop in
                sink.yield(loop.now >= due ? "due" : "early")
                sink.finish()
            }
            loop.cancel(loop.schedule(at: loop.now) { _ in sink.yield("cancelled") })
        }
        var seen: [String] = []
        for await event in events { seen.append(event) }
        #expect(seen == ["due"])
    }

    @Test func `A stopped loop takes no more jobs`() async throws {
        let (stopped, sink) = AsyncStream.makeStream(of: Void.self)
        let loop = try EventLoop.start(name: "test") { sink.finish() }
        loop.stop()
        for await _ in stopped {}
        #expect(!loop.submit { _ in })
    }

    /// Counts a listener's connections.
    private final class Acceptor: EventHandler {
        let listener: Socket
        let accepted: @Sendable () -> Void

        init(_ listener: consuming Socket, accepted: @escaping @Sendable () -> Void) {
            self.listener = listener
            self.accepted = accepted
        }

        func ready(_ readiness: Readiness, on loop: EventLoop) {
            while let connection = try? listener.accept() {
                accepted()
                _ = consume connection
            }
        }
    }

    @Test func `A handler is called when its descriptor is ready, and not after its registration ended`() async throws {
        let loop = try EventLoop.start(name: "test")
        defer { loop.stop() }
        let (accepts, sink) = AsyncStream.makeStream(of: Void.self)
        let (ports, portSink) = AsyncStream.makeStream(of: SocketAddress.self)
        loop.submit { loop in
            guard let loopback = SocketAddress(literal: "127.0.0.1", port: 0),
                let listener = try? Socket.listening(on: loopback), let address = listener.localAddress
            else { return portSink.finish() }
            let acceptor = Acceptor(listener) { sink.yield() }
            let descriptor = acceptor.listener.descriptor
            guard let id = try? loop.register(acceptor, descriptor: descriptor, interest: .read) else { return }
            loop.schedule(at: loop.now + .milliseconds(200)) { loop in
                loop.unregister(id, descriptor: descriptor)
                sink.finish()
            }
            portSink.yield(address)
        }
        let address = try #require(await ports.first { _ in true })
        var outcome = Socket.Connecting.inProgress
        let client = try Socket.connecting(to: address, outcome: &outcome)
        var count = 0
        for await _ in accepts { count += 1 }
        #expect(count == 1)
        _ = consume client
    }
}

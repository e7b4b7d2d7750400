import LatchkeyCore
import LatchkeyNet
import Testing

@Suite struct EventLoopTests {
    @Test func `Jobs from other threads run in the order of submission`() async throws {
        let loop = try EventLoop.start(name: "test")
        defer { loop.stop() }
        let (numbers, sink) = AsyncStream.makeStream(of: Int.self)
        for number in 0..<100 { loop.submit { _ in sink.yield(number) } }
        loop.submit { _ in sink.finish() }
        var seen: [Int] = []
        for await number in numbers { seen.append(number) }
        #expect(seen == Array(0..<100))
    }

    @Test func `A scheduled action runs at its time, and a cancelled one does not run`() async throws {
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

    @Test func `A stopped loop accepts no jobs`() async throws {
        let (stopped, sink) = AsyncStream.makeStream(of: Void.self)
        let loop = try EventLoop.start(name: "test") { sink.finish() }
        loop.stop()
        for await _ in stopped {}
        #expect(!loop.submit { _ in })
    }

    /// Accepts connections and reports each.
    private final class Acceptor: EventHandler {
        let listener: Socket
        let accepted: @Sendable () -> Void
        var end: (EventLoop) -> Void = { _ in }

        init(_ listener: consuming Socket, accepted: @escaping @Sendable () -> Void) {
            self.listener = listener
            self.accepted = accepted
        }

        func ready(_ readiness: Readiness, on loop: EventLoop) {
            while acceptOne() { accepted() }
        }

        /// Accepts a connection; false if none waits.
        func acceptOne() -> Bool {
            guard let connection = try? listener.accept() else { return false }
            _ = consume connection
            return true
        }
    }

    @Test func `A handler is called when its descriptor is ready, and not after its registration ended`() async throws {
        let loop = try EventLoop.start(name: "test")
        defer { loop.stop() }
        let (accepts, sink) = AsyncStream.makeStream(of: Void.self)
        let (addresses, addressSink) = AsyncStream.makeStream(of: SocketAddress.self)
        let key = LoopObjectID()
        loop.submit { loop in
            guard let loopback = SocketAddress(literal: "127.0.0.1", port: 0),
                let listener = try? Socket.listening(on: loopback), let address = listener.localAddress
            else { return addressSink.finish() }
            let acceptor = Acceptor(listener) { sink.yield() }
            loop.loopObjects[key] = acceptor
            let descriptor = acceptor.listener.descriptor
            guard let id = try? loop.register(acceptor, descriptor: descriptor, interest: .read) else { return }
            acceptor.end = { $0.unregister(id, descriptor: descriptor) }
            addressSink.yield(address)
        }
        let address = try #require(await addresses.first { _ in true })
        let first = try connect(to: address)
        #expect(await accepts.first { _ in true } != nil)
        _ = consume first

        let (ended, endedSink) = AsyncStream.makeStream(of: Void.self)
        loop.submit { loop in
            (loop.loopObjects[key] as? Acceptor)?.end(loop)
            endedSink.finish()
        }
        for await _ in ended {}
        let second = try connect(to: address)
        // A handler that is still called would have accepted the connection that this job finds waiting.
        let (found, foundSink) = AsyncStream.makeStream(of: Bool.self)
        loop.submit { loop in
            loop.handle.submit { foundSink.yield(($0.loopObjects[key] as? Acceptor)?.acceptOne() ?? false) }
        }
        #expect(await found.first { _ in true } == true)
        _ = consume second
    }

    private func connect(to address: SocketAddress) throws(SystemError) -> Socket {
        var outcome = Socket.Connecting.inProgress
        return try Socket.connecting(to: address, outcome: &outcome)
    }
}

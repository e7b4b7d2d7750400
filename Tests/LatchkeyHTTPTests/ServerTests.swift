import Dispatch
import LatchkeyCore
import LatchkeyHTTP
import LatchkeyNet
import LatchkeyTestSupport
import Synchronization
import Testing

@Suite(.serialized, .timeLimit(.minutes(20))) struct ServerTests {
    /// Holds deferred replies until the test sends them.
    private final class Waiting: Sendable {
        private let replies = Mutex<[String: DeferredReply]>([:])
        private let arrived = DispatchSemaphore(value: 0)

        func put(_ path: String, _ reply: DeferredReply) {
            replies.withLock { $0[path] = reply }
            arrived.signal()
        }

        func waitForOne() -> Bool { arrived.wait(timeout: .now() + 5) == .success }

        func isCallerConnected(_ path: String) -> Bool { replies.withLock { $0[path]?.isCallerConnected ?? false } }

        func answer(_ path: String) {
            replies.withLock { $0.removeValue(forKey: path) }?.send { $0.send(Self.response(path)) }
        }

        static func response(_ path: String) -> HTTPResponse { HTTPResponse(status: 200, body: Array(path.utf8)) }
    }

    private let waiting = Waiting()

    /// Starts a server that answers `/late…` when the test asks for it, and other paths at once with path and body.
    private func start(_ adjust: (inout ServerLimits) -> Void = { _ in }) throws -> (HTTPServer, UInt16) {
        let loopback = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        var configuration = HTTPServer.Configuration(listenAddresses: [.address(loopback)], workers: 1)
        configuration.limits.drainIdleGrace = .milliseconds(20)
        configuration.limits.lingerTimeout = .milliseconds(50)
        adjust(&configuration.limits)
        let server = try HTTPServer.start(configuration) { [waiting] in
            RequestHandler { context, writer in
                let path = context.head.path.text(of: context.bytes)
                if path.hasPrefix("/late") { return context.deferReply(writer) { waiting.put(path, $0) } }
                if context.isOverCapacity, path != "/livez" {
                    return writer.send(HTTPResponse(status: 503))
                }
                let body = String(decoding: context.body, as: UTF8.self)
                return writer.send(HTTPResponse(status: 200, body: Array("\(path)\(body)".utf8)))
            }
        }
        return (server, try #require(server.addresses.first?.port))
    }

    /// Runs blocking work on a Dispatch thread, because the drain needs a thread of the concurrency pool, which may have only
    /// two.
    private static func aside<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: work()) }
        }
    }

    private func get(_ path: String, _ fields: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n"
    }

    /// The bodies of consecutive responses.
    private func bodies(_ text: String) -> [String] {
        text.components(of: "HTTP/1.1 ").compactMap { $0.components(of: "\r\n\r\n").last }
    }

    @Test func `Replies are sent in the order of the requests, whichever is ready first`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send(get("/late1") + get("/now") + get("/late2") + get("/last"))
        #expect(waiting.waitForOne() && waiting.waitForOne())
        waiting.answer("/late2")
        waiting.answer("/late1")
        #expect(bodies(caller.read(until: "/last")) == ["/late1", "/now", "/late2", "/last"])
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A thousand pipelined requests are answered in order`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send((1...1000).map { get("/\($0)") }.joined())
        #expect(bodies(caller.read(until: "/1000")) == (1...1000).map { "/\($0)" })
        await server.drain(timeout: .seconds(2))
    }

    @Test func `At the pipeline depth nothing more is read until replies have been sent`() async throws {
        let (server, port) = try start { $0.pipelineDepth = 4 }
        let caller = try RawConnection(port: port)
        caller.send((1...6).map { get("/late\($0)") }.joined())
        for _ in 1...4 { #expect(waiting.waitForOne()) }
        for number in 1...4 { waiting.answer("/late\(number)") }
        for _ in 5...6 { #expect(waiting.waitForOne()) }
        for number in 5...6 { waiting.answer("/late\(number)") }
        #expect(bodies(caller.read(until: "/late6")) == (1...6).map { "/late\($0)" })
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A body is read by length or in chunks, after 100 Continue when the caller expects it`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n-five")
        #expect(caller.read(until: "/a-five").hasSuffix("/a-five"))
        caller.send(
            "POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n-c\r\n4\r\nhunk\r\n0\r\nT: v\r\n\r\n"
        )
        #expect(caller.read(until: "/b-chunk").hasSuffix("/b-chunk"))
        caller.send("POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(caller.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        caller.send("-w")
        #expect(caller.read(until: "/c-w").hasSuffix("/c-w"))
        await server.drain(timeout: .seconds(2))
    }

    @Test func `HEAD gets no body, and HTTP 1.0 is closed unless it asks for keep-alive`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\n" + get("/x", "Connection: close\r\n"))
        let both = try #require(caller.readToEnd())
        #expect(both.contains("Content-Length: 4\r\n\r\nHTTP/1.1 200 OK"))
        #expect(both.contains("Connection: close\r\n") && both.hasSuffix("/x"))
        let old = try RawConnection(port: port)
        old.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(old.read(until: "/1").contains("Connection: keep-alive\r\n"))
        old.send("GET /2 HTTP/1.0\r\n\r\n")
        #expect(old.readToEnd()?.hasSuffix("/2") == true)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A head that does not arrive in time is answered with 408 and the connection closed`() async throws {
        let (server, port) = try start { $0.headTimeout = .milliseconds(50) }
        let caller = try RawConnection(port: port)
        caller.send("GET / HTTP/1.1\r\nHo")
        #expect(caller.readToEnd()?.hasPrefix("HTTP/1.1 408 ") == true)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A body that does not arrive in time is answered with 408 and the connection closed`() async throws {
        let (server, port) = try start { $0.requestTimeout = .milliseconds(50) }
        let caller = try RawConnection(port: port)
        caller.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")
        #expect(caller.readToEnd()?.hasPrefix("HTTP/1.1 408 ") == true)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `An idle connection is closed without a response`() async throws {
        let (server, port) = try start { $0.idleTimeout = .milliseconds(50) }
        #expect(try RawConnection(port: port).readToEnd() == "")
        let used = try RawConnection(port: port)
        used.send(get("/x"))
        #expect(used.readToEnd()?.hasSuffix("/x") == true)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `Over the cap a request is answered with 503 and closed, and a probe is still answered`() async throws {
        let (server, port) = try start { $0.maxConnections = 1 }
        let first = try RawConnection(port: port)
        first.send(get("/1"))
        #expect(first.read(until: "/1").hasPrefix("HTTP/1.1 200 "))
        let second = try RawConnection(port: port)
        second.send(get("/2"))
        #expect(second.readToEnd()?.hasPrefix("HTTP/1.1 503 ") == true)
        let probe = try RawConnection(port: port)
        probe.send(get("/livez"))
        #expect(probe.readToEnd()?.hasPrefix("HTTP/1.1 200 ") == true)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A drain answers pending requests, announces the close, and then ends`() async throws {
        let (server, port) = try start { $0.drainIdleGrace = .milliseconds(50) }
        let busy = try RawConnection(port: port)
        let idle = try RawConnection(port: port)
        busy.send(get("/late"))
        #expect(waiting.waitForOne())
        async let drained: Void = server.drain(timeout: .seconds(5))
        let received = await Self.aside { idle.readToEnd() }
        #expect(received == "", "an idle connection is closed after the grace period")
        waiting.answer("/late")
        let answer = try #require(await Self.aside { busy.readToEnd() })
        #expect(answer.contains("Connection: close\r\n") && answer.hasSuffix("/late"))
        await drained
        #expect(throws: RawConnection.Refused.self) { try RawConnection(port: port) }
        #expect(server.connectionCounter.count == 0)
    }

    @Test func `A caller that disconnects before its reply does not affect others`() async throws {
        let (server, port) = try start()
        do {
            let gone = try RawConnection(port: port)
            gone.send(get("/late"))
            #expect(waiting.waitForOne())
        }
        let other = try RawConnection(port: port)
        waiting.answer("/late")
        other.send(get("/fine"))
        #expect(other.read(until: "/fine").hasSuffix("/fine"))
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A deferred reply shows that the caller has disconnected`() async throws {
        let (server, port) = try start()
        do {
            let gone = try RawConnection(port: port)
            gone.send(get("/late"))
            #expect(waiting.waitForOne())
            #expect(waiting.isCallerConnected("/late"))
        }
        while waiting.isCallerConnected("/late") { await Task.yield() }
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A caller that has finished sending still receives its replies`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send(get("/late") + get("/x"))
        caller.finish()
        #expect(waiting.waitForOne())
        waiting.answer("/late")
        #expect(bodies(caller.readToEnd() ?? "") == ["/late", "/x"])
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A rejected request closes the connection, and its reply arrives complete`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\nBAD LINE\r\n" + String(repeating: "x", count: 100_000))
        #expect(waiting.waitForOne())
        waiting.answer("/late")
        let answers = try #require(caller.readToEnd())
        #expect(answers.hasPrefix("HTTP/1.1 200 ") && answers.contains("HTTP/1.1 400 "))
        await server.drain(timeout: .seconds(2))
    }
}

extension String {
    /// The non-empty parts between occurrences of `separator`.
    fileprivate func components(of separator: String) -> [String] {
        split(separator: separator).map(String.init)
    }
}

import LatchkeyCore
import LatchkeyHTTP
import LatchkeyNet
import LatchkeyTestSupport
import Synchronization
import Testing

/// What one connection may cost, at a real socket.
@Suite(.serialized, .timeLimit(.minutes(1))) final class ServerBoundTests: Sendable {
    /// Bytes that the handler has rendered so far.
    private let rendered = Atomic<Int>(0)

    /// Refuses bodies for `/refused` at the head, identifies the callers of `/who` by `ok`, and answers `/big` with 60 KB.
    private func start(_ adjust: (inout ServerLimits) -> Void = { _ in }) throws -> (HTTPServer, UInt16) {
        let loopback = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        var configuration = HTTPServer.Configuration(listenAddresses: [.address(loopback)], workers: 1)
        configuration.limits.lingerTimeout = .milliseconds(50)
        configuration.limits.drainIdleGrace = .milliseconds(20)
        adjust(&configuration.limits)
        let count = { @Sendable (bytes: Int) in _ = self.rendered.add(bytes, ordering: .relaxed) }
        let server = try HTTPServer.start(configuration) {
            RequestHandler(
                admit: { context in
                    switch context.head.path.text(of: context.bytes) {
                    case "/refused":
                        context.callerIsUnknown = true
                        context.reply.reply(HTTPResponse(status: 401))
                        return .answered
                    case "/who": return .keep(limit: .max, callerWithin: 4)
                    default: return .keep(limit: .max, callerWithin: nil)
                    }
                },
                identify: { context in
                    if context.body.elementsEqual("ok..".utf8) { return true }
                    context.reply.reply(HTTPResponse(status: 403))
                    return false
                },
                answer: { context in
                    let path = context.head.path.text(of: context.bytes)
                    let size = path == "/big" ? 60_000 : 2
                    count(size)
                    context.reply.reply(HTTPResponse(status: 200, body: [UInt8](repeating: 0x78, count: size)))
                })
        }
        return (server, try #require(server.addresses.first?.port))
    }

    private func post(_ path: String, _ length: Int, _ fields: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\(fields)\r\n"
    }

    private let get = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test func `What is refused at the head is not invited, and its connection closed`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send(post("/refused", 9, "Expect: 100-continue\r\n"))
        let answer = try #require(caller.readToEnd())
        #expect(answer.hasPrefix("HTTP/1.1 401 ") && answer.contains("Connection: close\r\n"))
        await server.drain(timeout: .seconds(2))
    }

    @Test func `The body of what is refused is passed over`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send(post("/refused", 9) + "12345")
        #expect(caller.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 401 "))
        caller.send("6789" + get)
        #expect(caller.read(until: "xx").hasPrefix("HTTP/1.1 200 "))
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A caller whose key stands in the body has so many bytes to show it`() async throws {
        let (server, port) = try start()
        let known = try RawConnection(port: port)
        known.send(post("/who", 9) + "ok..56789" + get)
        #expect(known.read(until: "xxHTTP/1.1 200 OK").hasPrefix("HTTP/1.1 200 "))
        let unknown = try RawConnection(port: port)
        unknown.send(post("/who", 9) + "no..")
        #expect(unknown.readToEnd()?.hasPrefix("HTTP/1.1 403 ") == true)
        await server.drain(timeout: .seconds(2))
    }

    @Test(arguments: ["HEAD /a HTTP/9.9\r\n", "HEAD /a HTTP/1.1\r\nHost : h\r\n", "HEAD /a HTTP/1.1\r\nHo"])
    func `A HEAD request that is refused gets no body`(text: String) async throws {
        let (server, port) = try start { $0.headTimeout = .milliseconds(50) }
        let caller = try RawConnection(port: port)
        caller.send(text)
        #expect(caller.readToEnd()?.hasSuffix("\r\n\r\n") == true)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `Of many large replies no more are rendered than the peer takes, and each one comes`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        let count = 400  // 24 MB: more than the kernel's buffers of both ends take
        caller.send(String(repeating: "GET /big HTTP/1.1\r\nHost: h\r\n\r\n", count: count) + get)
        let other = try RawConnection(port: port)
        other.send(get)
        _ = other.read(until: "xx")
        #expect(rendered.load(ordering: .relaxed) < count * 60_000)
        caller.finish()
        let all = try #require(caller.readToEnd())
        #expect(rendered.load(ordering: .relaxed) == count * 60_000 + 4)
        #expect(all.utf8.count > count * 60_000 && all.hasSuffix("xx"))
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A caller who has finished sending is answered in full, however many turns that takes`() async throws {
        let (server, port) = try start { $0.turnRequests = 1 }
        let caller = try RawConnection(port: port)
        caller.send(String(repeating: get, count: 50))
        caller.finish()
        let all = try #require(caller.readToEnd())
        #expect(all.ranges(of: "HTTP/1.1 200 ").count == 50)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A connection that brings nothing makes room for a newer one`() async throws {
        let (server, port) = try start { $0.maxConnections = 2 }
        let silent = try RawConnection(port: port)
        let refused = try RawConnection(port: port)
        refused.send(post("/refused", 1) + "x")
        #expect(refused.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 401 "))
        var callers: [RawConnection] = []
        for _ in 0..<2 {
            let caller = try RawConnection(port: port)
            callers.append(caller)
            caller.send(get)
            #expect(caller.read(until: "xx").hasPrefix("HTTP/1.1 200 "))
        }
        #expect(silent.readToEnd()?.hasPrefix("HTTP/1.1 503 ") == true)
        #expect(refused.readToEnd()?.hasPrefix("HTTP/1.1 503 ") == true)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A silent connection past the cap is told so and gone, and one that asks is answered meanwhile`()
        async throws
    {
        let (server, port) = try start {
            $0.maxConnections = 1
            $0.overCapacityLifetime = .milliseconds(200)
        }
        let first = try RawConnection(port: port)
        first.send(get)
        #expect(first.read(until: "xx").hasPrefix("HTTP/1.1 200 "))
        let silent = try RawConnection(port: port)
        #expect(silent.readToEnd()?.hasPrefix("HTTP/1.1 503 ") == true)
        first.send(get)
        #expect(first.read(until: "xx").hasPrefix("HTTP/1.1 200 "))
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A connection without a valid request is closed early, one with a valid request is kept`() async throws {
        let (server, port) = try start { $0.firstRequestTimeout = .milliseconds(100) }
        let valid = try RawConnection(port: port)
        valid.send(get)
        #expect(valid.read(until: "xx").hasPrefix("HTTP/1.1 200 "))
        #expect(try RawConnection(port: port).readToEnd() == "")
        valid.send(get)
        #expect(valid.read(until: "xx").hasPrefix("HTTP/1.1 200 "))
        await server.drain(timeout: .seconds(2))
    }
}

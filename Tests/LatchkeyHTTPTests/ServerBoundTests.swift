import LatchkeyCore
import LatchkeyHTTP
import LatchkeyNet
import LatchkeyTestSupport
import Synchronization
import Testing

/// The limits on the cost of one connection, over a real socket.
@Suite(.serialized, .timeLimit(.minutes(20))) final class ServerBoundTests: Sendable {
    /// The number of body bytes that the handler has rendered.
    private let rendered = Atomic<Int>(0)

    /// Starts a server that rejects `/refused` from its head, identifies callers of `/who` by `ok`, and answers `/big` with
    /// 60 kB.
    private func start(_ adjust: (inout ServerLimits) -> Void = { _ in }) throws -> (HTTPServer, UInt16) {
        let loopback = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        var configuration = HTTPServer.Configuration(listenAddresses: [.address(loopback)], workers: 1)
        configuration.limits.lingerTimeout = .milliseconds(50)
        configuration.limits.drainIdleGrace = .milliseconds(20)
        adjust(&configuration.limits)
        let count = { @Sendable (bytes: Int) in _ = self.rendered.add(bytes, ordering: .relaxed) }
        let server = try HTTPServer.start(configuration) {
            let answer: RequestHandler.Answer = { context, writer in
                let path = context.head.path.text(of: context.bytes)
                let size = path == "/big" ? 60_000 : 2
                count(size)
                return writer.send(HTTPResponse(status: 200, body: [UInt8](repeating: 0x78, count: size)))
            }
            return RequestHandler(
                admit: { context, writer in
                    let path = context.head.path.text(of: context.bytes)
                    if path == "/refused" {
                        context.isUnauthenticated = true
                        return .answered(writer.send(HTTPResponse(status: 401)))
                    }
                    return .admitted(
                        AdmittedRequest(
                            body: .keep(limit: .max, identifyWithin: path == "/who" ? 4 : nil),
                            identify: { context, writer in
                                if context.body.elementsEqual("ok..".utf8) { return .identified(answer: answer) }
                                return .answered(writer.send(HTTPResponse(status: 403)))
                            }, answer: answer))
                }, answer: answer)
        }
        return (server, try #require(server.addresses.first?.port))
    }

    private func post(_ path: String, _ length: Int, _ fields: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\(fields)\r\n"
    }

    private let get = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test func `A request rejected from its head gets no 100 Continue, and its connection is closed`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send(post("/refused", 9, "Expect: 100-continue\r\n"))
        let answer = try #require(caller.readToEnd())
        #expect(answer.hasPrefix("HTTP/1.1 401 ") && answer.contains("Connection: close\r\n"))
        await server.drain(timeout: .seconds(2))
    }

    @Test func `The body of a request rejected from its head is discarded`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send(post("/refused", 9) + "12345")
        #expect(caller.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 401 "))
        caller.send("6789" + get)
        #expect(caller.read(until: "xx").hasPrefix("HTTP/1.1 200 "))
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A caller with its key in the body is identified within the first bytes`() async throws {
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
    func `The reply to a rejected HEAD request has no body`(text: String) async throws {
        let (server, port) = try start { $0.headTimeout = .milliseconds(50) }
        let caller = try RawConnection(port: port)
        caller.send(text)
        #expect(caller.readToEnd()?.hasSuffix("\r\n\r\n") == true)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `Large replies are rendered only as fast as the peer reads, and all of them arrive`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        let count = 400  // 24 MB, more than the socket buffers of both ends
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

    @Test func `A caller that has finished sending receives all replies, over any number of turns`() async throws {
        let (server, port) = try start { $0.turnRequests = 1 }
        let caller = try RawConnection(port: port)
        caller.send(String(repeating: get, count: 50))
        caller.finish()
        let all = try #require(caller.readToEnd())
        #expect(all.ranges(of: "HTTP/1.1 200 ").count == 50)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A connection without a valid request is evicted for a newer one`() async throws {
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

    @Test func `A silent connection over the cap is answered with 503 and closed, while another is served`()
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

    @Test func `A connection without a valid request is closed early, and one with a valid request is kept`()
        async throws
    {
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

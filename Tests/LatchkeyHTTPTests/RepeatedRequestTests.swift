import LatchkeyCore
import LatchkeyHTTP
import LatchkeyNet
import LatchkeyTestSupport
import Testing

/// Requests that are handled again, because something had to be read first.
@Suite(.serialized, .timeLimit(.minutes(20))) struct RepeatedRequestTests {
    private let waiting = Inbox<DeferredReply>()
    /// The start of each request without a body, at each handling.
    private let starts = Inbox<MonotonicTime>()

    /// Starts a server that answers `/again…` at the second handling only, and other paths at once, each with path and body.
    private func start() throws -> (HTTPServer, UInt16) {
        let loopback = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        var configuration = HTTPServer.Configuration(listenAddresses: [.address(loopback)], workers: 1)
        configuration.limits.drainIdleGrace = .milliseconds(20)
        configuration.limits.lingerTimeout = .milliseconds(50)
        let server = try HTTPServer.start(configuration) { [waiting, starts] in
            let answer: RequestHandler.Answer = { context, writer in
                if !context.head.hasBody { starts.put(context.started) }
                let path = context.head.path.text(of: context.bytes)
                if path.hasPrefix("/again"), !context.isRepeated, !context.head.hasBody {
                    return context.handleAgain(writer) { waiting.put($0) }
                }
                let body = String(decoding: context.body, as: UTF8.self)
                return writer.send(HTTPResponse(status: 200, body: Array("\(path)\(body).".utf8)))
            }
            return RequestHandler(
                admit: { context, writer in
                    if context.isRepeated {
                        return .admitted(
                            AdmittedRequest(body: .keep(limit: .max, identifyWithin: nil), answer: answer))
                    }
                    return .answered(context.handleAgain(writer) { waiting.put($0) })
                }, answer: answer)
        }
        return (server, try #require(server.addresses.first?.port))
    }

    private func bodies(_ text: String) -> [String] {
        text.split(separator: "HTTP/1.1 ").compactMap { $0.split(separator: "\r\n\r\n").last.map { String($0) } }
    }

    @Test func `A request is handled again where it stands, and those behind it wait`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        let requests = ["/first", "/again1", "/middle", "/again2", "/last"]
        caller.send(requests.map { "GET \($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())
        await waiting.first(1)[0].resume()
        await waiting.first(2)[1].resume()
        #expect(bodies(caller.read(until: "/last.")) == requests.map { "\($0)." })
        #expect(waiting.count == 2)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `The time of a request counts from its first handling`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send("GET /again HTTP/1.1\r\nHost: h\r\n\r\n")
        await waiting.first(1)[0].resume()
        _ = caller.read(until: "/again.")
        caller.send("GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = caller.read(until: "/next.")
        let times = await starts.first(3)
        #expect(times[0] == times[1] && times[2] > times[1])
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A request with a body is admitted at the second handling`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send("POST /again HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nbo")
        let first = await waiting.first(1)[0]
        caller.send("dy12GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
        first.resume()
        #expect(bodies(caller.read(until: "/next.")) == ["/againbody12.", "/next."])
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A body that was announced is asked for once its request is admitted`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send("POST /again HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        await waiting.first(1)[0].resume()
        #expect(caller.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        caller.send("ok")
        #expect(caller.read(until: "/againok.").hasSuffix("/againok."))
        await server.drain(timeout: .seconds(2))
    }

    @Test func `The last request of a connection is answered too`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send("GET /again HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        await waiting.first(1)[0].resume()
        let text = caller.read(until: "/again.")
        #expect(text.contains("Connection: close\r\n") && text.hasSuffix("/again."))
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A connection that closes meanwhile is gone, and a later call does nothing`() async throws {
        let (server, port) = try start()
        do {
            let caller = try RawConnection(port: port)
            caller.send("GET /again HTTP/1.1\r\nHost: h\r\n\r\n")
            await waiting.first(1)
        }
        waiting.values[0].resume()
        let other = try RawConnection(port: port)
        other.send("GET /now HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(bodies(other.read(until: "/now.")) == ["/now."])
        await server.drain(timeout: .seconds(2))
    }
}

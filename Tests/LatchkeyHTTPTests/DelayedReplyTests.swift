import Dispatch
import LatchkeyCore
import LatchkeyNet
import LatchkeyTestSupport
import Testing

@testable import LatchkeyHTTP

/// Replies that leave after a delay. `/bad` is delayed by an hour, `/soon` by 20 ms, other paths not at all.
@Suite(.serialized, .timeLimit(.minutes(20))) struct DelayedReplyTests {
    private func start(_ adjust: (inout ServerLimits) -> Void = { _ in }) throws -> (HTTPServer, UInt16) {
        let loopback = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        var configuration = HTTPServer.Configuration(listenAddresses: [.address(loopback)], workers: 2)
        configuration.limits.drainIdleGrace = .milliseconds(20)
        configuration.limits.lingerTimeout = .milliseconds(50)
        adjust(&configuration.limits)
        let server = try HTTPServer.start(configuration) {
            RequestHandler { context, writer in
                let path = context.head.path.text(of: context.bytes)
                let delay: Duration? = path == "/bad" ? .seconds(3600) : path == "/soon" ? .milliseconds(20) : nil
                if let delay {
                    context.isUnauthenticated = true
                    context.delayReply(by: delay)
                }
                let body = String(decoding: context.body, as: UTF8.self)
                return writer.send(HTTPResponse(status: delay == nil ? 200 : 401, body: Array("\(path)\(body)".utf8)))
            }
        }
        return (server, try #require(server.addresses.first?.port))
    }

    private func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n" }

    private func bodies(_ text: String) -> [String] {
        text.split(separator: "HTTP/1.1 ").map { String($0.split(separator: "\r\n\r\n").last ?? "") }
    }

    /// Waits until so many replies are delayed.
    private func delayed(_ count: Int, on server: HTTPServer) async {
        await settle { server.delayedReplies == count }
    }

    @Test func `A delayed reply leaves when its delay has ended, and requests behind it keep their order`() async throws
    {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send(get("/first") + get("/soon") + get("/a") + get("/soon") + get("/last"))
        let text = caller.read(until: "/last")
        #expect(bodies(text) == ["/first", "/soon", "/a", "/soon", "/last"])
        #expect(!text.contains("Connection: close") && server.delayedReplies == 0)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A reply on another connection does not wait`() async throws {
        let (server, port) = try start()
        let guesser = try RawConnection(port: port)
        guesser.send(get("/bad"))
        await delayed(1, on: server)
        for _ in 0..<3 {
            let caller = try RawConnection(port: port)
            caller.send(get("/good"))
            #expect(caller.read(until: "/good").hasSuffix("/good"))
        }
        await server.drain(timeout: .seconds(2))
    }

    @Test func `Beyond the limit replies are sent at once, and close their connection`() async throws {
        let (server, port) = try start { $0.maxDelayedReplies = 3 }
        let held = try (0..<3).map { _ in try RawConnection(port: port) }
        for caller in held { caller.send(get("/bad")) }
        await delayed(3, on: server)
        let further = try RawConnection(port: port)
        further.send(get("/bad") + get("/never"))
        let text = try #require(further.readToEnd())
        #expect(text.hasPrefix("HTTP/1.1 401 ") && text.contains("Connection: close\r\n") && text.hasSuffix("/bad"))
        #expect(server.delayedReplies == 3)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A connection has one delayed reply, however many requests it has sent`() async throws {
        let (server, port) = try start { $0.maxDelayedReplies = 2 }
        let first = try RawConnection(port: port)
        first.send(String(repeating: get("/bad"), count: 64))
        await delayed(1, on: server)
        let second = try RawConnection(port: port)
        second.send(get("/bad"))
        await delayed(2, on: server)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A reset connection frees its place`() async throws {
        let (server, port) = try start { $0.maxDelayedReplies = 1 }
        for _ in 0..<3 {
            let caller = try RawConnection(port: port)
            caller.resetOnClose()
            caller.send(get("/bad"))
            await delayed(1, on: server)
            withExtendedLifetime(caller) {}
        }
        await delayed(0, on: server)
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A peer that has finished sending still waits for its reply`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send(get("/soon"))
        caller.finish()
        #expect(caller.readToEnd()?.hasSuffix("/soon") == true)
        let late = try RawConnection(port: port)
        late.send(get("/bad"))
        late.finish()
        await delayed(1, on: server)
        await server.drain(timeout: .seconds(2))
        #expect(late.readToEnd()?.hasSuffix("/bad") == true && server.delayedReplies == 0)
    }

    @Test func `A drain ends delays at once, and the last reply announces the close`() async throws {
        let (server, port) = try start()
        let callers = try (0..<8).map { _ in try RawConnection(port: port) }
        for caller in callers { caller.send(get("/bad")) }
        await delayed(8, on: server)
        await server.drain(timeout: .seconds(60))
        for caller in callers {
            let text = try #require(caller.readToEnd())
            #expect(text.hasPrefix("HTTP/1.1 401 ") && text.contains("\r\nConnection: close\r\n"))
            #expect(text.hasSuffix("/bad"))
        }
        #expect(server.delayedReplies == 0)
    }

    @Test func `A refused body is discarded after the delayed reply`() async throws {
        let (server, port) = try start()
        let caller = try RawConnection(port: port)
        caller.send("POST /soon HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + get("/last"))
        #expect(bodies(caller.read(until: "/last")) == ["/soonabc", "/last"])
        await server.drain(timeout: .seconds(2))
    }

    @Test func `Networks are those of one person: an address, a /64, a user`() throws {
        func network(_ literal: String) -> PeerNetwork { PeerNetwork(SocketAddress(literal: literal, port: 1)) }
        #expect("\(network("192.0.2.7"))" == "192.0.2.7")
        #expect(network("::ffff:192.0.2.7") == network("192.0.2.7"))
        #expect(
            network("2001:db8::1") == network("2001:db8::ffff:1:2:3")
                && network("2001:db8::1") != network("2001:db8:0:1::1"))
        #expect("\(network("2001:db8::1"))" == "2001:db8::/64")
        #expect("\(PeerNetwork.user(7))" == "unix:uid=7" && PeerNetwork(nil) == .unknown)
    }
}

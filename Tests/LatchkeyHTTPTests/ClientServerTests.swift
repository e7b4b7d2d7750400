import LatchkeyCore
import LatchkeyHTTP
import LatchkeyNet
import LatchkeyTestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct ClientServerTests {
    private func start(_ handler: @escaping SimpleHandler) throws -> (HTTPServer, Origin) {
        let loopback = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        let server = try HTTPServer.start(simple: handler, on: [loopback], workers: 2)
        return (server, Origin(scheme: .http, host: "127.0.0.1", port: server.addresses.first?.port))
    }

    @Test func `A request and its response arrive unchanged`() async throws {
        let (server, origin) = try start { request in
            HTTPResponse(
                status: 200, fields: ["X-Seen": "\(request.method) \(request.target) \(request.fields["X-A"] ?? "")"],
                body: request.body.reversed())
        }
        let client = try HTTPClient(configuration: .patient)
        for size in [0, 1, 1000, 60_000] {
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
            let response = try await client.execute(
                HTTPRequest(method: "POST", target: "/a?b=c", fields: ["X-A": "1"], body: body), to: origin,
                deadline: .unreached)
            #expect(response.status == 200)
            #expect(response.fields["x-seen"] == "POST /a?b=c 1")
            #expect(response.body == body.reversed())
        }
        #expect(server.connectionCounter.count == 1, "all requests share one kept-alive connection")
        client.shutdown()
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A thousand concurrent requests each get their own response over a limited number of connections`()
        async throws
    {
        let (server, origin) = try start { HTTPResponse(status: 200, body: Array($0.target.utf8)) }
        let client = try HTTPClient(configuration: .patient)
        let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<1000 {
                group.addTask {
                    let response = try await client.execute(
                        HTTPRequest(method: "GET", target: "/\(number)"), to: origin, deadline: .unreached)
                    return String(decoding: response.body, as: UTF8.self) == "/\(number)"
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(answers == 1000)
        #expect(server.connectionCounter.count <= 64)
        client.shutdown()
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A request to an upstream that never answers fails at its deadline`() async throws {
        let gate = Gate()
        let (server, origin) = try start { _ in
            await gate.pass()
            return HTTPResponse(status: 200)
        }
        let client = try HTTPClient(configuration: .patient)
        let started = MonotonicTime.current
        await #expect(throws: HTTPClientError.timedOut) {
            try await client.execute(
                HTTPRequest(method: "GET", target: "/"), to: origin, deadline: .current + .milliseconds(200))
        }
        #expect(MonotonicTime.current - started >= .milliseconds(200))
        client.shutdown()
        gate.open()
        await server.drain(timeout: .milliseconds(100))
    }

    @Test func `A port without a listener is a refused connection, without a wait`() async throws {
        let client = try HTTPClient(configuration: .patient)
        await #expect(throws: HTTPClientError.connectFailed(errno: 111)) {
            try await client.execute(
                HTTPRequest(method: "GET", target: "/"), to: Origin(scheme: .http, host: "127.0.0.1", port: 1),
                deadline: .unreached)
        }
        client.shutdown()
    }
}

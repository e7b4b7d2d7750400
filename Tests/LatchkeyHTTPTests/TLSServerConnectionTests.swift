import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyNet
import LatchkeyTestSupport
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(20))) struct TLSServerConnectionTests {
    private let folder: CertificateFolder
    private let outcomes = Inbox<HandshakeOutcome>()

    init() throws { folder = try CertificateFolder() }

    private func start(
        workers: Int = 1, clients: String? = nil, _ adjust: (inout ServerLimits) -> Void = { _ in }
    ) throws -> (server: HTTPServer, port: UInt16, live: LiveTLSConfiguration) {
        let loopback = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        var configuration = HTTPServer.Configuration(listenAddresses: [.address(loopback)], workers: workers)
        configuration.limits.drainIdleGrace = .milliseconds(20)
        configuration.limits.lingerTimeout = .milliseconds(50)
        configuration.limits.handshakeTimeout = .unreached
        configuration.limits.firstRequestTimeout = .unreached
        configuration.limits.idleTimeout = .unreached
        adjust(&configuration.limits)
        let live = LiveTLSConfiguration(
            TLSServerConfiguration(
                certificates: [try folder.certificate("good")],
                clientAuthorities: try clients.map { try folder.bytes($0) }),
            tickets: TLSTicketKeys(now: { .current }))
        configuration.tls = live
        configuration.handshakeEnded = { [outcomes] outcome, _ in outcomes.put(outcome) }
        let server = try HTTPServer.start(configuration) {
            RequestHandler { context, writer in
                writer.send(HTTPResponse(status: 200, body: context.body.reversed()))
            }
        }
        return (server, try #require(server.addresses.first?.port), live)
    }

    private func client(trust: String = "ca.pem") throws -> HTTPClient {
        var configuration = HTTPClient.Configuration.patient
        configuration.trust = .file(folder.file(trust))
        return try HTTPClient(configuration: configuration)
    }

    private func post(_ body: [UInt8], with client: HTTPClient, _ port: UInt16) async throws -> HTTPResponse {
        try await client.execute(
            HTTPRequest(method: "POST", target: "/", body: body),
            to: Origin(scheme: .https, host: "127.0.0.1", port: port),
            deadline: .unreached)
    }

    @Test(arguments: [1, 3]) func `Requests and replies of every size pass over one connection`(workers: Int)
        async throws
    {
        let (server, port, _) = try start(workers: workers)
        let client = try client()
        for size in [0, 1, 1000, 16_384, 16_385, 60_000] {
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
            let response = try await post(body, with: client, port)
            #expect(response.status == 200 && response.body == body.reversed())
        }
        #expect(server.connectionCounter.count == 1)
        #expect(await outcomes.first(1) == [.ok])
        client.shutdown()
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A replaced certificate is shown to new connections, and open ones continue`() async throws {
        let (server, port, live) = try start()
        let client = try client()
        #expect(try await post([1], with: client, port).status == 200)
        try folder.leaf("unnamed", names: "DNS:elsewhere.example")
        live.replace(with: TLSServerConfiguration(certificates: [try folder.certificate("unnamed")]))
        #expect(try await post([2], with: client, port).status == 200, "on the open connection")
        let newcomer = try self.client()
        await #expect(throws: HTTPClientError.self) { try await post([3], with: newcomer, port) }
        client.shutdown()
        newcomer.shutdown()
        await server.drain(timeout: .seconds(2))
    }

    @Test func `Plain HTTP to a TLS port is answered with a plain 400 and closed`() async throws {
        let (server, port, _) = try start()
        let caller = try RawConnection(port: port)
        caller.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = try #require(caller.readToEnd())
        #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("Connection: close\r\n"))
        #expect(await outcomes.first(1) == [.failed])
        await server.drain(timeout: .seconds(2))
    }

    @Test func `Bytes that are not TLS are answered with an alert and closed`() async throws {
        let (server, port, _) = try start()
        let caller = try RawConnection(port: port)
        caller.send([0x16, 0x03, 0x01, 0x00, 0x05, 0xFF, 0, 0, 1, 0])
        #expect(try #require(caller.readToEnd()).utf8.first == 21, "an alert")
        #expect(await outcomes.first(1) == [.failed])
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A client that goes away within the handshake is counted as such`() async throws {
        let (server, port, _) = try start()
        let caller = try RawConnection(port: port)
        caller.send([0x16, 0x03])
        caller.finish()
        #expect(caller.readToEnd() == "")
        #expect(await outcomes.first(1) == [.aborted])
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A handshake has a deadline`() async throws {
        let (server, port, _) = try start { $0.handshakeTimeout = .milliseconds(50) }
        let caller = try RawConnection(port: port)
        caller.send([0x16])
        #expect(caller.readToEnd() == "")
        #expect(await outcomes.first(1) == [.timedOut])
        await server.drain(timeout: .seconds(2))
    }

    @Test func `Too many unfinished handshakes end the oldest, and a real client is served`() async throws {
        let (server, port, _) = try start { $0.maxHandshakes = 3 }
        let idle = try (0..<3).map { _ in try RawConnection(port: port) }
        let client = try client()
        #expect(try await post([1, 2], with: client, port).body == [2, 1])
        #expect(await outcomes.first(2) == [.refused, .ok])
        #expect(idle[0].readToEnd() == "")
        client.shutdown()
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A drain closes idle connections and unfinished handshakes`() async throws {
        let (server, port, _) = try start()
        let client = try client()
        #expect(try await post([1], with: client, port).status == 200)
        let unfinished = try RawConnection(port: port)
        unfinished.send([0x16])
        await server.drain(timeout: .seconds(5))
        #expect(server.connectionCounter.count == 0)
        client.shutdown()
    }
}

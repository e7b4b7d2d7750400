import LatchkeyCore
import LatchkeyHTTP
import LatchkeyNet
import LatchkeyTestSupport
import Testing

/// The probe listener over a real socket.
@Suite(.timeLimit(.minutes(20))) struct ProbeListenerTests {
    private let get = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"

    /// Starts a server with both listeners. The answer says which of them the request came through.
    private func start(_ adjust: (inout ServerLimits) -> Void = { _ in }) throws -> (HTTPServer, port: UInt16, UInt16) {
        let loopback = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        var configuration = HTTPServer.Configuration(listenAddresses: [.address(loopback)], workers: 2)
        configuration.probeAddresses = [.address(loopback)]
        configuration.limits.drainIdleGrace = .milliseconds(20)
        adjust(&configuration.limits)
        let server = try HTTPServer.start(configuration) {
            RequestHandler { context, writer in
                let listener = context.listener
                #expect(listener.isLocal && !listener.usesTLS)
                return writer.send(HTTPResponse(status: listener.isProbe ? 204 : 202))
            }
        }
        return (server, try #require(server.addresses.first?.port), try #require(server.probeAddresses.first?.port))
    }

    @Test func `A request knows which listener it came through, and only others count as connections`() async throws {
        let (server, port, probePort) = try start()
        #expect(server.addresses.count == 1 && server.probeAddresses.count == 1)
        let (caller, prober) = (try RawConnection(port: port), try RawConnection(port: probePort))
        caller.send(get)
        #expect(caller.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 202 "))
        prober.send(get)
        #expect(prober.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
        #expect(server.connectionCounter.count == 1)
        await server.drain(timeout: .seconds(2))
        #expect(prober.readToEnd() == "")
        #expect(throws: RawConnection.Refused.self) { try RawConnection(port: probePort) }
    }

    @Test func `At its limit the probe listener closes the oldest connection for a new one`() async throws {
        let (server, _, port) = try start { $0.maxProbeConnections = 3 }
        var open: [RawConnection] = []
        for number in 0..<9 {
            let prober = try RawConnection(port: port)
            prober.send(get)
            #expect(prober.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "), "connection \(number)")
            open.append(prober)
            if open.count > 3 { #expect(open.removeFirst().readToEnd() == "") }
        }
        for prober in open {
            prober.send(get)
            #expect(prober.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
        }
        await server.drain(timeout: .seconds(2))
    }
}

import LatchkeyHTTP
import LatchkeyNet
import Testing

@Suite struct ListenAddressTests {
    private func start(_ listenAddresses: [ListenAddress]) throws(HTTPServer.StartError) -> HTTPServer {
        try HTTPServer.start(HTTPServer.Configuration(listenAddresses: listenAddresses, workers: 1)) {
            RequestHandler { $1.send(HTTPResponse(status: 200)) }
        }
    }

    private func address(_ literal: String, _ port: UInt16 = 0) throws -> SocketAddress {
        try #require(SocketAddress(literal: literal, port: port))
    }

    @Test func `A name is listened on at those of its addresses that the machine has`() async throws {
        // No machine has the documentation addresses of RFC 3849 and RFC 5737.
        let server = try start([.everyAddress([address("2001:db8::1"), address("127.0.0.1"), address("192.0.2.1")])])
        #expect(server.addresses.count == 1)
        #expect(server.addresses.first?.isLoopback == true)
        await server.drain(timeout: .zero)
    }

    @Test func `All addresses of a name share one port`() async throws {
        let server = try start([.everyAddress([address("127.0.0.1"), address("127.0.0.2")])])
        #expect(server.addresses.count == 2)
        #expect(Set(server.addresses.map(\.port)).count == 1)
        await server.drain(timeout: .zero)
    }

    @Test func `Listening fails when the machine has no address of a name, or when one is in use`() async throws {
        #expect(throws: HTTPServer.StartError.self) {
            _ = try start([.everyAddress([address("192.0.2.1"), address("2001:db8::1")])])
        }
        let server = try start([.address(address("127.0.0.2"))])
        let port = try #require(server.addresses.first?.port)
        #expect(throws: HTTPServer.StartError.self) {
            _ = try start([.everyAddress([address("127.0.0.1", port), address("127.0.0.2", port)])])
        }
        await server.drain(timeout: .zero)
    }
}

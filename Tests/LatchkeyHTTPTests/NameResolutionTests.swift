import Dispatch
import LatchkeyCore
import LatchkeyHTTP
import LatchkeyNet
import LatchkeyTestSupport
import Synchronization
import Testing

/// The client with a resolver of the test: names whose lookups hang, fail, or return a new address.
@Suite(.timeLimit(.minutes(20)))
struct NameResolutionTests {
    /// The addresses of each name. The lookup of any other name hangs until the test ends.
    private final class Names: Sendable {
        private let table: Mutex<[String: [SocketAddress]]>
        private let asked = Mutex<[String: Int]>([:])
        private let gate = DispatchSemaphore(value: 0)
        private let arrival: AsyncStream<String>.Continuation
        /// The names in the order of their lookups.
        let arrivals: AsyncStream<String>

        init(_ table: [String: [SocketAddress]]) {
            self.table = Mutex(table)
            (arrivals, arrival) = AsyncStream.makeStream(of: String.self)
        }

        var lookUp: @Sendable (String) -> [SocketAddress] {
            { name in
                self.asked.withLock { $0[name, default: 0] += 1 }
                self.arrival.yield(name)
                if let addresses = self.table.withLock({ $0[name] }) { return addresses }
                self.gate.wait()
                self.gate.signal()
                return []
            }
        }

        func set(_ name: String, _ addresses: [SocketAddress]?) { table.withLock { $0[name] = addresses } }
        func count(_ name: String) -> Int { asked.withLock { $0[name, default: 0] } }
        /// Ends every lookup that hangs.
        func release() { gate.signal() }
    }

    private static func address(_ host: String) throws -> SocketAddress {
        try #require(SocketAddress(literal: host, port: 0))
    }

    private func start(on host: String = "127.0.0.1") throws -> (HTTPServer, port: UInt16) {
        let server = try HTTPServer.start(
            simple: { _ in HTTPResponse(status: 200, body: Array(host.utf8)) },
            on: [try Self.address(host)], workers: 1)
        return (server, try #require(server.addresses.first?.port))
    }

    private func client(_ names: Names, freshFor: Duration = .zero) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration.patient
        configuration.lookUp = names.lookUp
        configuration.names.freshFor = freshFor
        configuration.names.minLookupInterval = .zero
        // No connection is reused, so that each request needs addresses.
        configuration.idleTimeout = .zero
        return try HTTPClient(configuration: configuration)
    }

    private func get(
        _ host: String, _ port: UInt16, by client: HTTPClient, within time: Duration = .unreached
    ) async throws(HTTPClientError) -> HTTPResponse {
        try await client.execute(
            HTTPRequest(method: "GET", target: "/", fields: ["Connection": "close"]),
            to: Origin(scheme: .http, host: host, port: port), deadline: .current + time)
    }

    @Test(arguments: [1, 9, 40, 100])
    func `Lookups that hang delay neither known nor unknown names`(count: Int) async throws {
        let (server, port) = try start()
        let names = Names(["known": [try Self.address("127.0.0.1")], "unknown": [try Self.address("127.0.0.1")]])
        defer { names.release() }
        let client = try client(names)
        _ = try await get("known", port, by: client)
        let hanging = (0..<count).map { number in
            Task { try? await get("hangs-\(number)", port, by: client) }
        }
        var asked: Set<String> = []
        for await name in names.arrivals where name.hasPrefix("hangs-") {
            asked.insert(name)
            if asked.count == count { break }
        }
        names.set("known", nil)
        for _ in 0..<3 { #expect(try await get("known", port, by: client).status == 200) }
        #expect(try await get("unknown", port, by: client).status == 200)
        // The first of the three requests starts a lookup that hangs. On a slow machine a second one may start in parallel.
        #expect((2...3).contains(names.count("known")))
        client.shutdown()
        for task in hanging { _ = await task.value }
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A request whose lookup hangs fails at its deadline`() async throws {
        let names = Names([:])
        defer { names.release() }
        let client = try client(names)
        await #expect(throws: HTTPClientError.timedOut) {
            try await get("hangs", 1, by: client, within: .milliseconds(200))
        }
        client.shutdown()
    }

    @Test(arguments: [Duration.zero, .seconds(30)])
    func `When the cached address refuses connections, the new one is awaited and used`(freshFor: Duration) async throws
    {
        let (first, port) = try start(on: "127.0.0.21")
        let names = Names(["moves": [try Self.address("127.0.0.21")]])
        defer { names.release() }
        let client = try client(names, freshFor: freshFor)
        #expect(try await get("moves", port, by: client).body == Array("127.0.0.21".utf8))
        await first.drain(timeout: .seconds(2))
        let second = try HTTPServer.start(
            simple: { _ in HTTPResponse(status: 200, body: Array("new".utf8)) },
            on: [try Self.address("127.0.0.22").withPort(port)], workers: 1)
        names.set("moves", [try Self.address("127.0.0.22")])
        #expect(try await get("moves", port, by: client).body == Array("new".utf8))
        client.shutdown()
        await second.drain(timeout: .seconds(2))
    }

    @Test func `When no address works and the lookup finds no other, the first error is reported`() async throws {
        let names = Names(["gone": [try Self.address("127.0.0.1")]])
        defer { names.release() }
        let client = try client(names)
        for _ in 0..<2 {
            await #expect(throws: HTTPClientError.connectFailed(errno: 111)) { try await get("gone", 1, by: client) }
        }
        client.shutdown()
    }

    @Test func `All addresses of a name are tried in order`() async throws {
        let (server, port) = try start(on: "127.0.0.23")
        let all = try ["::1", "127.0.0.24", "127.0.0.23"].map(Self.address)
        let names = Names(["several": all])
        defer { names.release() }
        let client = try client(names)
        #expect(try await get("several", port, by: client).status == 200)
        client.shutdown()
        await server.drain(timeout: .seconds(2))
    }

    @Test func `A name without an address is an error of its own`() async throws {
        let names = Names(["nothing": []])
        let client = try client(names)
        await #expect(throws: HTTPClientError.nameNotResolved) { try await get("nothing", 1, by: client) }
        client.shutdown()
    }
}

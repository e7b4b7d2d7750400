import Dispatch
import Glibc
import LatchkeyCore
import LatchkeyHTTP
import LatchkeyNet
import LatchkeyTestSupport
import Synchronization
import Testing

@Suite(.serialized, .timeLimit(.minutes(20))) final class ListenerTests: Sendable {
    private let path = "/tmp/latchkey-listener-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    /// Opened by the test to let the handler of `/stuck` go on.
    private let released = DispatchSemaphore(value: 0)
    private let stuck = Inbox<Void>()
    /// The worker of each answered request.
    private let answering = Inbox<Int>()
    private let made = Mutex(0)

    /// Starts a server whose handler blocks its event loop at `/stuck`, and else answers with the peer's user.
    private func start(
        workers: Int, on addresses: [SocketAddress]? = nil,
        _ adjust: (inout HTTPServer.Configuration) -> Void = { _ in }
    ) throws -> HTTPServer {
        var configuration = HTTPServer.Configuration(
            listenAddresses: (addresses ?? [.unix(path: path)]).map { .address($0) }, workers: workers)
        configuration.limits.drainIdleGrace = .milliseconds(200)
        configuration.limits.lingerTimeout = .milliseconds(50)
        adjust(&configuration)
        return try HTTPServer.start(configuration) { [self] in
            let worker = nextWorker()
            return RequestHandler { [stuck, released, answering] context, writer in
                if context.head.path.text(of: context.bytes) == "/stuck" {
                    stuck.put(())
                    released.wait()
                }
                answering.put(worker)
                let user = context.unixPeer.map { "\($0.user)" } ?? "unknown"
                return writer.send(HTTPResponse(status: 200, body: Array("user \(user).".utf8)))
            }
        }
    }

    @Sendable private func nextWorker() -> Int {
        made.withLock { made in
            made += 1
            return made
        }
    }

    private func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" }

    private var loopback: SocketAddress {
        get throws { try #require(SocketAddress(literal: "127.0.0.1", port: 0)) }
    }

    /// Runs blocking work on a Dispatch thread.
    private func aside<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
        }
    }

    @Test func `A handler learns the peer of a Unix socket`() async throws {
        let server = try start(workers: 1, on: [.unix(path: path), loopback])
        let local = try RawConnection(path: path)
        local.send(get("/"))
        #expect(local.readToEnd()?.hasSuffix("user \(geteuid()).") == true)
        let remote = try RawConnection(port: #require(server.addresses.last?.port))
        remote.send(get("/"))
        #expect(remote.readToEnd()?.hasSuffix("user unknown.") == true)
        await server.drain(timeout: .seconds(2))
    }

    /// More connections than one turn of a listener accepts, and than its successors did.
    private static let queued = 300

    @Test(arguments: [1, 3]) func `Connections that wait when the drain begins are answered`(workers: Int) async throws
    {
        let server = try start(workers: workers)
        // Every event loop is stuck, so that nothing is accepted.
        let blocking = try await aside { [path] in
            try (0..<workers).map { _ in
                let blocking = try RawConnection(path: path)
                blocking.send("GET /stuck HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                return blocking
            }
        }
        await stuck.first(workers)
        let waiting = try await aside { [path, request = get("/")] in
            try (0..<Self.queued).map { _ in
                let connection = try RawConnection(path: path)
                connection.send(request)
                return connection
            }
        }
        async let drained: Void = server.drain(timeout: .seconds(20))
        while access(path, F_OK) == 0 { await Task.yield() }
        for _ in 0..<workers { released.signal() }
        let answers = try await aside { (blocking + waiting).count { $0.readToEnd()?.contains("200 OK") == true } }
        #expect(answers == Self.queued + workers)
        await drained
    }

    @Test func `Kept connections are distributed evenly`() async throws {
        let server = try start(workers: 3, on: [loopback])
        let port = try #require(server.addresses.first?.port)
        let connections = try await aside {
            try (0..<90).map { _ in
                let connection = try RawConnection(port: port)
                connection.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                _ = connection.read(until: "unknown.")
                return connection
            }
        }
        let counts = Dictionary(grouping: answering.values) { $0 }.mapValues(\.count)
        #expect(counts.count == 3 && counts.values.allSatisfy { (25...35).contains($0) }, "\(counts)")
        _ = connections
        await server.drain(timeout: .zero)
    }

    @Test func `A start that fails leaves the socket of another server where it was`() async throws {
        let server = try start(workers: 1)
        let taken = try start(workers: 1, on: [loopback])
        let original = UnixSocketFile(at: path)
        let port = try #require(taken.addresses.first)
        for takesOver in [true, false] {
            let error = #expect(throws: HTTPServer.StartError.self) {
                _ = try start(workers: 2, on: [.unix(path: path), port]) { $0.unixSockets.takesOver = takesOver }
            }
            #expect(error?.address == (takesOver ? port : .unix(path: path)))
            #expect(UnixSocketFile(at: path) == original)
        }
        await server.drain(timeout: .zero)
        await taken.drain(timeout: .zero)
    }

    @Test func `A successor takes the path over, and both answer what they have accepted`() async throws {
        let first = try start(workers: 2)
        let early = try RawConnection(path: path)
        early.send("GET / HTTP/1.1\r\n")
        let second = try start(workers: 2) { $0.unixSockets.takesOver = true }
        async let drained: Void = first.drain(timeout: .seconds(20))
        let late = try RawConnection(path: path)
        late.send(get("/"))
        #expect(late.readToEnd()?.contains("200 OK") == true)
        early.send("Host: h\r\nConnection: close\r\n\r\n")
        #expect(early.readToEnd()?.contains("200 OK") == true)
        await drained
        #expect(UnixSocketFile(at: path) != nil, "the file of the successor stays")
        await second.drain(timeout: .seconds(2))
        #expect(UnixSocketFile(at: path) == nil)
    }

    @Test func `A thousand short connections are answered by several workers`() async throws {
        let server = try start(workers: 3, on: [loopback])
        let port = try #require(server.addresses.first?.port)
        let answers = try await aside { [request = get("/")] in
            try (0..<1000).count { _ in
                let connection = try RawConnection(port: port)
                connection.send(request)
                return connection.readToEnd()?.contains("200 OK") == true
            }
        }
        #expect(answers == 1000)
        await server.drain(timeout: .seconds(2))
        #expect(server.connectionCounter.count == 0)
    }
}

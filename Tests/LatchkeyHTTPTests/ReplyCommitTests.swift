import LatchkeyCore
import LatchkeyHTTP
import LatchkeyNet
import LatchkeyTestSupport
import Synchronization
import Testing

/// Replies that leave only when their requests are recorded.
@Suite(.serialized, .timeLimit(.minutes(20))) struct ReplyCommitTests {
    private final class Records: Sendable {
        let commits = Mutex([Int]())
        let pending = Mutex(0)
        let isFailing = Atomic<Bool>(false)
    }

    private func server(_ records: Records) throws -> HTTPServer {
        let configuration = HTTPServer.Configuration(
            listenAddresses: [.address(try #require(SocketAddress(literal: "127.0.0.1", port: 0)))], workers: 1)
        return try HTTPServer.start(configuration) {
            RequestHandler(
                answer: { context, writer in
                    let path = String(decoding: context.slice(context.head.path), as: UTF8.self)
                    if path == "/free" { return writer.send(HTTPResponse(status: 200, body: Array("free".utf8))) }
                    if path == "/later" {
                        return context.deferReply(writer) { deferred in
                            deferred.send { Self.recorded($0, path, records) }
                        }
                    }
                    return Self.recorded(writer, path, records)
                },
                commit: ReplyCommit(
                    commit: {
                        let count = records.pending.withLock { pending in
                            defer { pending = 0 }
                            return pending
                        }
                        if count > 0 { records.commits.withLock { $0.append(count) } }
                        return !records.isFailing.load(ordering: .relaxed)
                    },
                    refuse: { rendered, _, writer in
                        let path = rendered.split(separator: 0x0A).last.map { Array($0) } ?? []
                        return writer.send(HTTPResponse(status: 503, body: Array("refused ".utf8) + path))
                    }))
        }
    }

    private static func recorded(
        _ writer: consuming ReplyWriter, _ path: String, _ records: Records
    ) -> ReplyReceipt {
        records.pending.withLock { $0 += 1 }
        let receipt = writer.send(HTTPResponse(status: 200, body: Array(path.utf8)))
        receipt.awaitCommit(kind: 0)
        return receipt
    }

    private func answers(_ server: HTTPServer, _ paths: [String]) async throws -> String {
        let connection = try RawConnection(port: try #require(server.addresses.first?.port))
        let requests = paths.map { "GET \($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
        connection.send(requests + "GET /free HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let text = try #require(connection.readToEnd())
        await server.drain(timeout: .seconds(1))
        return text
    }

    private func bodies(_ text: String) -> [String] {
        text.split(separator: "HTTP/1.1 ").map { reply in
            "\(reply.prefix(3)) \(reply.split(separator: "\r\n\r\n").last ?? "")"
        }
    }

    @Test func `The replies of a turn leave after one commit`() async throws {
        let records = Records()
        let text = try await answers(try server(records), ["/a", "/b", "/c"])
        #expect(bodies(text) == ["200 /a", "200 /b", "200 /c", "200 free"])
        #expect(records.commits.withLock { $0.reduce(0, +) } == 3)
        #expect(records.commits.withLock { $0.count } < 3)
    }

    @Test func `A reply that cannot be recorded is replaced, and others leave`() async throws {
        let records = Records()
        records.isFailing.store(true, ordering: .relaxed)
        let text = try await answers(try server(records), ["/a", "/free", "/later", "/b"])
        #expect(bodies(text) == ["503 refused /a", "200 free", "503 refused /later", "503 refused /b", "200 free"])
        #expect(!text.contains("\r\n\r\n/a"))
    }

    @Test func `Replies behind one that comes later keep their order`() async throws {
        let records = Records()
        let paths = (0..<40).map { $0 % 4 == 0 ? "/later" : "/\($0)" }
        let text = try await answers(try server(records), paths)
        #expect(bodies(text) == paths.map { "200 \($0)" } + ["200 free"])
    }
}

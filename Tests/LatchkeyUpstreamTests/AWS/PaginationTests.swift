import LatchkeyCore
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Synchronization
import Testing

/// The tables `cases/paging.json` and `cases/paging-more.json`, with a store that returns the pages of a case.
@Suite struct PaginationTests {
    private static let cases = ["cases/paging.json", "cases/paging-more.json"].flatMap {
        (try? Fixture.json($0))?["cases"]?.array ?? []
    }

    @Test func `The fixtures have all cases`() { #expect(Self.cases.count == 10) }

    @Test(arguments: cases) func `A list ends as its tokens say, and is an error if they are not valid`(row: JSON) async
    {
        for operation in (row["operations"]?.array ?? []).compactMap(\.string) {
            let store = PagedStore(row["pages"]?.array ?? [])
            let items: Int?
            do throws(AWSError) {
                items = try await store.count(operation)
            } catch {
                items = nil
                #expect(error.kind == .invalidAnswer)
            }
            #expect(items.map(Int64.init) == row["items"]?.integer, "\(operation)")
            #expect((items == nil) == (row["error"] != nil), "\(operation)")
            if let calls = row["calls"]?.integer { #expect(store.calls == calls, "\(operation)") }
            if let most = row["calls_at_most"]?.integer { #expect(store.calls <= most, "\(operation)") }
        }
    }
}

/// A store that returns the given pages, and the last page again after the last.
private final class PagedStore: Sendable {
    private let pages: [JSON]
    private let count = Mutex(0)
    private let clock = ManualClock()

    init(_ pages: [JSON]) { self.pages = pages }

    var calls: Int { count.withLock(\.self) }

    /// The number of items in the operation's list.
    func count(_ operation: String) async throws(AWSError) -> Int {
        let deadline = clock.now.monotonic + .seconds(5)
        switch operation {
        case "GetParametersByPath":
            return try await ParameterStore(client).entries(path: "/a", deadline: deadline).count
        case "DescribeParameters": return try await ParameterStore(client).describe(["/a"], deadline: deadline).count
        default: return try await SecretsManager(client).list(prefix: "", deadline: deadline).count
        }
    }

    private var client: AWSClient {
        AWSClientFixture.client(time: Timing(now: clock.source.now, sleep: { _ in })) {
            _, _, _ async throws(HTTPClientError) in self.answer()
        }
    }

    private func answer() -> HTTPResponse {
        let number = count.withLock { count in
            defer { count += 1 }
            return count
        }
        let page = pages[min(number, pages.count - 1)]
        let items = (0..<Int(page["items"]?.integer ?? 0)).map { item -> JSON in
            ["Name": .string("/a/\(number)-\(item)"), "ARN": "arn:aws:secretsmanager:us-east-1:1:secret:a-b"]
        }
        var members: JSONObject = ["Parameters": .array(items), "SecretList": .array(items)]
        if let token = page["NextToken"] { members["NextToken"] = token }
        return HTTPResponse(status: 200, fields: [:], body: JSON.object(members).bytes())
    }
}

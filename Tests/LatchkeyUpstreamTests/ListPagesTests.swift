import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyTestSupport
import LatchkeyUpstream
import Logging
import Synchronization
import Testing

/// The tables `cases/paging.json` and `cases/paging-more.json`, against a store that answers the pages of a case.
@Suite struct ListPagesTests {
    private static let cases = ["cases/paging.json", "cases/paging-more.json"].flatMap {
        (try? Fixture.json($0))?["cases"]?.array ?? []
    }

    @Test func `There are cases`() { #expect(Self.cases.count == 10) }

    @Test(arguments: cases) func `A list ends where its tokens say, and is refused where they cannot`(row: JSON) async {
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

/// A store whose lists are the given pages; after the last it answers the last again.
private final class PagedStore: Sendable {
    private let pages: [JSON]
    private let count = Mutex(0)
    private let clock = ManualClock()

    init(_ pages: [JSON]) { self.pages = pages }

    var calls: Int { count.withLock(\.self) }

    /// How many items the operation's list has.
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
        let provider = CredentialProvider(.environment) { () throws(AWSError) in
            .found(AWSCredentials(accessKeyID: "AKID", secretAccessKey: Secret("s")))
        }
        return AWSClient(
            AWSClient.Environment(
                configuration: AWSConfiguration(environment: ["AWS_REGION": "us-east-1"]) { _ in .absent },
                credentials: CredentialChain(
                    [provider], time: clock.source, log: Logger(label: "test"), sleep: untilCancelled),
                transport: { _, _, _ async throws(HTTPClientError) in self.answer() },
                metrics: Metrics(version: "t", profiles: []), time: clock.source, attemptTimeout: .seconds(5),
                userAgent: "latchkey/test", sleep: { _ in }))
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

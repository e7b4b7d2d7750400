import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyTestSupport
import LatchkeyUpstream
import Logging
import Synchronization
import Testing

/// Reads that wait for their turn are put together; the store is a table, and what it was asked is kept.
@Suite struct ParameterReadsTests {
    private final class Store: Sendable {
        struct State {
            var calls: [[String]] = []
            var sleepers: [CheckedContinuation<Void, Never>] = []
        }
        let state = Mutex(State())
        let clock = ManualClock()
        /// Names that no policy allows to be read.
        let denied: Set<String>

        init(denied: Set<String> = []) { self.denied = denied }

        /// A client that may make one call at once, and one more whenever ``wake()`` says so.
        func reader(callsPerSecond: Int = 1) -> ParameterStore {
            let provider = CredentialProvider(.environment) { () throws(AWSError) in
                .found(AWSCredentials(accessKeyID: "AKID", secretAccessKey: Secret("s")))
            }
            var environment = AWSClient.Environment(
                configuration: AWSConfiguration(environment: ["AWS_REGION": "us-east-1"]) { _ in .absent },
                credentials: CredentialChain(
                    [provider], time: clock.source, log: Logger(label: "test"), sleep: untilCancelled),
                transport: { request, _, _ async throws(HTTPClientError) in self.answer(request) },
                metrics: Metrics(version: "t", profiles: []), time: clock.source, attemptTimeout: .seconds(5),
                userAgent: "latchkey/test",
                sleep: { _ in
                    await withCheckedContinuation { sleeper in self.state.withLock { $0.sleepers.append(sleeper) } }
                })
            environment.callsPerSecond = [.parameterReads: callsPerSecond]
            return ParameterStore(AWSClient(environment))
        }

        private func answer(_ request: HTTPRequest) -> HTTPResponse {
            let body = try? JSON(parsing: request.body)
            let single = body?["Name"]?.string
            let names = single.map { [$0] } ?? (body?["Names"]?.array ?? []).compactMap(\.string)
            state.withLock { $0.calls.append(names) }
            if !denied.isDisjoint(with: names) { return error("AccessDeniedException") }
            let found = names.filter { !$0.hasPrefix("/none") }.map { name -> JSON in
                ["Name": .string(name), "Type": "String", "Value": .string("of \(name)"), "Version": 1]
            }
            guard single != nil else {
                let missing = names.filter { $0.hasPrefix("/none") }.map { JSON.string($0) }
                return HTTPResponse(
                    status: 200, fields: [:],
                    body: JSON.object(["Parameters": .array(found), "InvalidParameters": .array(missing)]).bytes())
            }
            guard let parameter = found.first else { return error("ParameterNotFound") }
            return HTTPResponse(status: 200, fields: [:], body: JSON.object(["Parameter": parameter]).bytes())
        }

        private func error(_ code: String) -> HTTPResponse {
            HTTPResponse(status: 400, fields: [:], body: JSON.object(["__type": .string(code)]).bytes())
        }

        var calls: [[String]] { state.withLock { $0.calls } }
        var soon: MonotonicTime { clock.now.monotonic + .seconds(60) }

        /// Lets everybody go who waits for a turn, once so many do.
        func wake(_ count: Int) async {
            while state.withLock({ $0.sleepers.count }) < count { await Task.yield() }
            for sleeper in state.withLock({ state in
                defer { state.sleepers = [] }
                return state.sleepers
            }) { sleeper.resume() }
        }
    }

    /// What a read came to, in a word.
    private static func word(_ store: ParameterStore, _ name: String, _ deadline: MonotonicTime) async -> String {
        do throws(AWSError) {
            return try await store.get(name, deadline: deadline).value.revealText() ?? ""
        } catch {
            return error.code ?? "?"
        }
    }

    @Test func `A read whose turn has come goes alone, as GetParameter`() async {
        let store = Store()
        #expect(await Self.word(store.reader(), "/a", store.soon) == "of /a")
        #expect(store.calls == [["/a"]])
    }

    @Test func `Reads that wait become one call of ten names, and each gets its own answer`() async {
        let store = Store()
        let reader = store.reader()
        _ = await Self.word(reader, "/first", store.soon)
        let words = await withTaskGroup(of: (Int, String).self) { group in
            for index in 0..<25 {
                let name = index % 5 == 0 ? "/none/\(index)" : "/\(index)"
                group.addTask { (index, await Self.word(reader, name, store.soon)) }
            }
            await store.wake(3)
            return await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        for index in 0..<25 {
            #expect(words[index] == (index % 5 == 0 ? "ParameterNotFound" : "of /\(index)"))
        }
        #expect(store.calls.dropFirst().map(\.count).sorted() == [5, 10, 10])
    }

    @Test func `A token's pair and lease stay together`() async throws {
        let store = Store()
        let reader = store.reader()
        _ = await Self.word(reader, "/first", store.soon)
        let found = try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<4 {
                let names = ["token", "expires", "lease"].map { "/p\(index)/\($0)" }
                group.addTask { try await reader.get(names, deadline: store.soon).parameters.count }
            }
            await store.wake(2)
            return try await group.reduce(0, +)
        }
        #expect(found == 12)
        #expect(store.calls.dropFirst().map(\.count).sorted() == [3, 9])
        for call in store.calls.dropFirst() {
            #expect(Set(call.map { $0.prefix(3) }).count * 3 == call.count, "no group is divided")
        }
    }

    @Test func `A name that is denied takes nobody along`() async {
        let store = Store(denied: ["/secret"])
        let reader = store.reader()
        _ = await Self.word(reader, "/first", store.soon)
        let words = await withTaskGroup(of: String.self) { group in
            for name in ["/secret", "/x", "/y"] { group.addTask { await Self.word(reader, name, store.soon) } }
            await store.wake(1)
            await store.wake(3)
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(words.sorted() == ["AccessDeniedException", "of /x", "of /y"])
        #expect(store.calls.map(\.count) == [1, 3, 1, 1, 1])
        // And for a while nothing is put together that waits.
        await withTaskGroup(of: Void.self) { group in
            for name in ["/x", "/y"] { group.addTask { _ = await Self.word(reader, name, store.soon) } }
            await store.wake(2)
        }
        #expect(store.calls.suffix(2).map(\.count) == [1, 1])
    }
}

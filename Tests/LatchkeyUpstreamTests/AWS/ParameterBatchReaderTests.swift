import LatchkeyCore
internal import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Synchronization
import Testing

/// Reads that wait for a slot share a call. The store records what it was asked.
@Suite struct ParameterBatchReaderTests {
    private final class Store: Sendable {
        struct State {
            var calls: [[String]] = []
            var sleepers: [CheckedContinuation<Void, Never>] = []
        }
        let state = Mutex(State())
        let clock = ManualClock()
        /// Names that a policy forbids.
        let denied: Set<String>

        init(denied: Set<String> = []) { self.denied = denied }

        /// A client that may make `callsPerSecond` calls immediately, and one more for each ``wake(_:)``.
        func reader(callsPerSecond: Int = 1) -> ParameterStore {
            let time = Timing(
                now: clock.source.now,
                sleep: { _ in
                    await withCheckedContinuation { sleeper in self.state.withLock { $0.sleepers.append(sleeper) } }
                })
            return ParameterStore(
                AWSClientFixture.client(time: time, callsPerSecond: callsPerSecond) {
                    request, _, _ async throws(HTTPClientError) in self.answer(request)
                })
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

        /// Wakes all calls that wait for a slot, once there are `count` of them.
        func wake(_ count: Int) async {
            while state.withLock({ $0.sleepers.count }) < count { await Task.yield() }
            for sleeper in state.withLock({ state in
                defer { state.sleepers = [] }
                return state.sleepers
            }) { sleeper.resume() }
        }
    }

    /// The value that was read, or the code of the error.
    private static func outcome(_ store: ParameterStore, _ name: String, _ deadline: MonotonicTime) async -> String {
        do throws(AWSError) {
            return try await store.get(name, deadline: deadline).value.revealText() ?? ""
        } catch {
            return error.code ?? "?"
        }
    }

    @Test func `A read that need not wait is not shared, and uses GetParameter`() async {
        let store = Store()
        #expect(await Self.outcome(store.reader(), "/a", store.soon) == "of /a")
        #expect(store.calls == [["/a"]])
    }

    @Test func `Reads that wait share calls of ten names, and each gets its own result`() async {
        let store = Store()
        let reader = store.reader()
        _ = await Self.outcome(reader, "/first", store.soon)
        let outcomes = await withTaskGroup(of: (Int, String).self) { group in
            for index in 0..<25 {
                let name = index % 5 == 0 ? "/none/\(index)" : "/\(index)"
                group.addTask { (index, await Self.outcome(reader, name, store.soon)) }
            }
            await store.wake(3)
            return await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        for index in 0..<25 {
            #expect(outcomes[index] == (index % 5 == 0 ? "ParameterNotFound" : "of /\(index)"))
        }
        #expect(store.calls.dropFirst().map(\.count).sorted() == [5, 10, 10])
    }

    @Test func `The names of one read stay together`() async throws {
        let store = Store()
        let reader = store.reader()
        _ = await Self.outcome(reader, "/first", store.soon)
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
            #expect(Set(call.map { $0.prefix(3) }).count * 3 == call.count, "the names of a read are not divided")
        }
    }

    @Test func `A name that is denied does not affect the other reads`() async {
        let store = Store(denied: ["/secret"])
        let reader = store.reader()
        _ = await Self.outcome(reader, "/first", store.soon)
        let outcomes = await withTaskGroup(of: String.self) { group in
            for name in ["/secret", "/x", "/y"] { group.addTask { await Self.outcome(reader, name, store.soon) } }
            await store.wake(1)
            await store.wake(3)
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.sorted() == ["AccessDeniedException", "of /x", "of /y"])
        #expect(store.calls.map(\.count) == [1, 3, 1, 1, 1])
        // For a while afterwards, reads that wait share no calls.
        await withTaskGroup(of: Void.self) { group in
            for name in ["/x", "/y"] { group.addTask { _ = await Self.outcome(reader, name, store.soon) } }
            await store.wake(2)
        }
        #expect(store.calls.suffix(2).map(\.count) == [1, 1])
    }
}

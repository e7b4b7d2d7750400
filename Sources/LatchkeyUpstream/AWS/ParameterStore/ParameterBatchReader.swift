internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Synchronization

/// Reads of parameters by name, put together while they wait for their turn: a start with hundreds of names, or the
/// first minute after an outage, costs a tenth of the calls.
///
/// A read that need not wait goes alone. The names of one read stay together: a token's pair and lease are one look at
/// the store. AWS refuses a whole call because of one name that a policy forbids, so each read of a refused call is made
/// again by itself, and for ``separate`` after that no reads are put together.
///
/// A shared call runs until the latest deadline of its reads; each read stops at its own (``ReadBatches``).
final class ParameterReads: Sendable {
    /// What the store said of each name.
    struct Answer: Sendable {
        var found: [ExactText: Parameter] = [:]
        var missing: Set<ExactText> = []

        /// The names' part of it; an answer that is silent about one of them is none of the service's.
        func of(_ names: [String]) throws(AWSError) -> Answer {
            var mine = Answer()
            for name in names.map({ ExactText($0) }) {
                if let parameter = found[name] {
                    mine.found[name] = parameter
                } else if missing.contains(name) {
                    mine.missing.insert(name)
                } else {
                    throw AWSError(.invalidAnswer)
                }
            }
            return mine
        }
    }

    /// How long reads stay apart after a call for several was refused.
    static let separate: Duration = .seconds(60)

    private struct State {
        var batches = Batches(maxNames: ParameterStore.batch)
        var separateUntil: MonotonicTime?
    }

    /// How a batch's call ended for one member.
    private struct Ending: Sendable {
        var outcome: Result<Answer, AWSError>
        /// Whether the call was for several reads.
        var isShared: Bool
    }

    private let client: AWSClient
    private let state = Mutex(State())

    init(_ client: AWSClient) { self.client = client }

    /// Reads up to ten names, decrypted.
    ///
    /// - Parameters:
    ///   - names: without selector; one to ``ParameterStore/batch``.
    ///   - deadline: when this read stops to wait (`timedOut`). A call that is shared goes on for the others.
    func get(_ names: [String], deadline: MonotonicTime) async throws(AWSError) -> Answer {
        let ending = await ending(names, deadline)
        return ending.isShared
            ? try await mine(ending.outcome, names, deadline) : try ending.outcome.get().of(names)
    }

    private typealias Batches = ReadBatches<CheckedContinuation<Ending, Never>>

    /// Joins a batch or starts one, and waits for its end or for `deadline`.
    private func ending(_ names: [String], _ deadline: MonotonicTime) async -> Ending {
        let now = client.now
        return await withCheckedContinuation { continuation in
            let join = state.withLock { state in
                let mayGrow = state.separateUntil.map { now >= $0 } ?? true
                return state.batches.join(names, deadline: deadline, mayGrow: mayGrow, waiter: continuation)
            }
            if let batch = join.start { Task { await self.run(batch, deadline) } }
            for timer in join.timers { wake(timer) }
        }
    }

    /// Ends one member's wait at its own deadline.
    private func wake(_ timer: Batches.Timer) {
        let task = Task {
            await client.sleep(until: timer.deadline)
            let waiter = state.withLock { $0.batches.leave(timer) }
            waiter?.resume(returning: Ending(outcome: .failure(AWSError(.timedOut)), isShared: false))
        }
        if !state.withLock({ $0.batches.keep(task, for: timer) }) { task.cancel() }
    }

    /// Makes a batch's call and tells its members. The names are settled when the call's turn has come.
    private func run(_ batch: Int, _ first: MonotonicTime) async {
        let outcome: Result<Answer, AWSError>
        do throws(AWSError) {
            outcome = .success(
                try await call({ self.state.withLock { $0.batches.seal(batch) } }) {
                    self.state.withLock { $0.batches.deadline(of: batch) } ?? first
                })
        } catch {
            outcome = .failure(error)
        }
        let end = state.withLock { $0.batches.finish(batch) }
        for timer in end.timers { timer.cancel() }
        if end.isShared, case .failure(let error) = outcome, error.mayConcernOneName {
            let together = client.now + Self.separate
            state.withLock { $0.separateUntil = together }
        }
        for waiter in end.waiters { waiter.resume(returning: Ending(outcome: outcome, isShared: end.isShared)) }
    }

    /// This read's share of a call for several; where that was refused, a call of its own.
    private func mine(
        _ outcome: Result<Answer, AWSError>, _ names: [String], _ deadline: MonotonicTime
    ) async throws(AWSError) -> Answer {
        switch outcome {
        case .success(let answer): return try answer.of(names)
        case .failure(let error) where error.mayConcernOneName:
            return try await call({ names }, { deadline }).of(names)
        case .failure(let error): throw error
        }
    }

    /// One call for the names there are when its turn has come: GetParameter for one, which a policy may allow alone.
    private func call(
        _ names: @escaping @Sendable () -> [String], _ deadline: @escaping @Sendable () -> MonotonicTime
    ) async throws(AWSError) -> Answer {
        let json: JSON
        do throws(AWSError) {
            json = try await client.call(.parameterStore, deadline: deadline) { Self.message(names()) }
        } catch  where error.kind == .notFound {
            return Answer(missing: Set(names().map { ExactText($0) }))
        }
        if let single = json["Parameter"] {
            let parameter = try Parameter(single)
            return Answer(found: [ExactText(parameter.name): parameter])
        }
        guard let entries = json["Parameters"]?.array else { throw AWSError(.invalidAnswer) }
        var answer = Answer(missing: Self.names(json["InvalidParameters"]))
        for entry in entries {
            let parameter = try Parameter(entry)
            answer.found[ExactText(parameter.name)] = parameter
        }
        return answer
    }

    private static func names(_ list: JSON?) -> Set<ExactText> {
        Set((list?.array ?? []).compactMap { $0.string.map { ExactText($0) } })
    }

    private static func message(_ names: [String]) -> AWSClient.Message {
        guard let name = names.first, names.count == 1 else {
            return AWSClient.Message(
                "GetParameters", .getParameters,
                ["Names": .array(names.map { .string($0) }), "WithDecryption": true])
        }
        return AWSClient.Message("GetParameter", .getParameter, ["Name": .string(name), "WithDecryption": true])
    }
}

extension AWSError {
    /// Whether one name among several may be the reason, and the others be fine without it.
    fileprivate var mayConcernOneName: Bool { kind == .denied || kind == .invalidRequest }
}

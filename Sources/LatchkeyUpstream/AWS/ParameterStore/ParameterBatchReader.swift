internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Synchronization

/// Reads parameters by name. Reads that wait for a slot of the rate limit share one call, so that a start with hundreds
/// of names, or the first minute after an outage, takes a tenth of the calls.
///
/// A read that need not wait is not shared. The names of one read stay together, so that the token, its expiry and its
/// lease are read at one time. AWS denies a whole call if a policy forbids one of its names; each read of a denied call
/// is then repeated by itself, and for ``separationTime`` no reads share a call.
///
/// A shared call lasts until the latest deadline of its reads; each read ends at its own (``ReadBatches``).
final class ParameterBatchReader: Sendable {
    /// The result for each name.
    struct Response: Sendable {
        var found: [ExactText: Parameter] = [:]
        var missing: Set<ExactText> = []

        /// The part for some of the names. Throws if the response says nothing about one of them.
        func part(for names: [String]) throws(AWSError) -> Response {
            var part = Response()
            for name in names.map({ ExactText($0) }) {
                if let parameter = found[name] {
                    part.found[name] = parameter
                } else if missing.contains(name) {
                    part.missing.insert(name)
                } else {
                    throw AWSError(.invalidAnswer)
                }
            }
            return part
        }
    }

    private typealias Outcome = Result<Response, AWSError>

    /// How long reads are not shared after a shared call was denied.
    static let separationTime: Duration = .seconds(60)

    private struct State {
        var batches = Batches(maxNames: ParameterStore.batch)
        var separateUntil: MonotonicTime?
    }

    /// How a batch's call ended for one member.
    private struct Completion: Sendable {
        var outcome: Outcome
        /// Whether the call was for several reads.
        var isShared: Bool
    }

    private typealias Batches = ReadBatches<CheckedContinuation<Completion, Never>>

    private let client: AWSClient
    private let state = Mutex(State())

    init(_ client: AWSClient) { self.client = client }

    /// Reads parameters, decrypted.
    ///
    /// - Parameters:
    ///   - names: 1 to ``ParameterStore/batch``, without version or label.
    ///   - deadline: when this read ends (`timedOut`). A shared call continues for the other reads.
    func get(_ names: [String], deadline: MonotonicTime) async throws(AWSError) -> Response {
        let completion = await completion(names, deadline)
        switch completion.outcome {
        case .success(let response): return try response.part(for: names)
        case .failure(let error) where completion.isShared && error.mayConcernOneName:
            return try await call({ names }, { deadline }).part(for: names)
        case .failure(let error): throw error
        }
    }

    /// Joins a batch or starts one, and waits for its end or for `deadline`.
    private func completion(_ names: [String], _ deadline: MonotonicTime) async -> Completion {
        let now = client.now
        return await withCheckedContinuation { continuation in
            let join = state.withLock { state in
                let mayGrow = state.separateUntil.map { now >= $0 } ?? true
                return state.batches.join(names, deadline: deadline, mayGrow: mayGrow, waiter: continuation)
            }
            if let batch = join.start { Task { await self.run(batch, deadline) } }
            for timer in join.timers { start(timer) }
        }
    }

    /// Ends the wait of one member at its own deadline.
    private func start(_ timer: Batches.Timer) {
        let task = Task {
            await client.sleep(until: timer.deadline)
            let waiter = state.withLock { $0.batches.leave(timer) }
            waiter?.resume(returning: Completion(outcome: .failure(AWSError(.timedOut)), isShared: false))
        }
        if !state.withLock({ $0.batches.keep(task, for: timer) }) { task.cancel() }
    }

    /// Makes a batch's call and informs its members. The names are those of the members when the call's slot comes.
    ///
    /// - Parameter deadline: of the member that started the batch.
    private func run(_ batch: Int, _ deadline: MonotonicTime) async {
        let outcome: Outcome
        do throws(AWSError) {
            outcome = .success(
                try await call({ self.state.withLock { $0.batches.seal(batch) } }) {
                    self.state.withLock { $0.batches.deadline(of: batch) } ?? deadline
                })
        } catch {
            outcome = .failure(error)
        }
        let end = state.withLock { $0.batches.finish(batch) }
        for timer in end.timers { timer.cancel() }
        if end.isShared, case .failure(let error) = outcome, error.mayConcernOneName {
            let separateUntil = client.now + Self.separationTime
            state.withLock { $0.separateUntil = separateUntil }
        }
        for waiter in end.waiters { waiter.resume(returning: Completion(outcome: outcome, isShared: end.isShared)) }
    }

    /// One call: GetParameters, or GetParameter for a single name, because a policy may allow only that.
    ///
    /// - Parameter names: called when the call's slot comes.
    private func call(
        _ names: @escaping @Sendable () -> [String], _ deadline: @escaping @Sendable () -> MonotonicTime
    ) async throws(AWSError) -> Response {
        let json: JSON
        do throws(AWSError) {
            json = try await client.call(.parameterStore, quota: .parameterReads, deadline: deadline) {
                Self.request(names())
            }
        } catch  where error.kind == .notFound {
            return Response(missing: Set(names().map { ExactText($0) }))
        }
        if let single = json["Parameter"] {
            let parameter = try Parameter(single)
            return Response(found: [ExactText(parameter.name): parameter])
        }
        guard let entries = json["Parameters"]?.array else { throw AWSError(.invalidAnswer) }
        var response = Response(missing: Self.names(json["InvalidParameters"]))
        for entry in entries {
            let parameter = try Parameter(entry)
            response.found[ExactText(parameter.name)] = parameter
        }
        return response
    }

    private static func names(_ list: JSON?) -> Set<ExactText> {
        Set((list?.array ?? []).compactMap { $0.string.map { ExactText($0) } })
    }

    private static func request(_ names: [String]) -> AWSRequest {
        guard let name = names.first, names.count == 1 else {
            return AWSRequest(
                .getParameters, ["Names": .array(names.map { .string($0) }), "WithDecryption": true])
        }
        return AWSRequest(.getParameter, ["Name": .string(name), "WithDecryption": true])
    }
}

extension AWSError {
    /// Whether one of several names may be the cause, so that the other names could succeed without it.
    fileprivate var mayConcernOneName: Bool { kind == .denied || kind == .invalidRequest }
}

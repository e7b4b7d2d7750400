internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Synchronization

/// Reads of parameters by name, put together while they wait for their turn: a start with hundreds of names, or the
/// first minute after an outage, costs a tenth of the calls.
///
/// A read that need not wait goes alone, as it is. Names of one read stay together: a token's pair and lease are one
/// look at the store. What a policy forbids one name it forbids the whole call, so a call that is refused is made again
/// by each read for itself, and for ``separate`` after that none is put together.
final class ParameterReads: Sendable {
    /// What the store said of each name.
    struct Answer: Sendable {
        var found: [String: Parameter] = [:]
        var missing: Set<String> = []

        /// The names' part of it; an answer that is silent about one of them is none of the service's.
        func of(_ names: [String]) throws(AWSError) -> Answer {
            var mine = Answer()
            for name in names {
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

    /// Reads that will be one call.
    private struct Batch {
        var names: Set<String>
        var followers: [CheckedContinuation<Role, Never>] = []
    }

    private struct State {
        var batches: [Int: Batch] = [:]
        /// The batch that waits for its turn and may grow.
        var open: Int?
        var nextID = 0
        var separateUntil: MonotonicTime?
    }

    /// A read's part in its batch.
    private enum Role {
        /// Makes the call for all.
        case leads(Int)
        /// Another did: its outcome, and whether it was for this read alone.
        case landed(Result<Answer, AWSError>)
    }

    private let client: AWSClient
    private let state = Mutex(State())

    init(_ client: AWSClient) { self.client = client }

    /// Reads up to ten names, decrypted.
    ///
    /// - Parameter names: without selector; one to ``ParameterStore/batch``.
    func get(_ names: [String], deadline: MonotonicTime) async throws(AWSError) -> Answer {
        switch await role(names) {
        case .landed(let outcome): return try await mine(outcome, names, deadline)
        case .leads(let id):
            let outcome = await lead(id, deadline)
            let batch = state.withLock { state in
                if state.open == id { state.open = nil }
                return state.batches.removeValue(forKey: id)
            }
            let followers = batch?.followers ?? []
            if !followers.isEmpty, case .failure(let error) = outcome, error.mayConcernOneName {
                let end = client.now + Self.separate
                state.withLock { $0.separateUntil = end }
            }
            for follower in followers { follower.resume(returning: .landed(outcome)) }
            return followers.isEmpty ? try outcome.get().of(names) : try await mine(outcome, names, deadline)
        }
    }

    private func role(_ names: [String]) async -> Role {
        let now = client.now
        return await withCheckedContinuation { continuation in
            let leads: Int? = state.withLock { state in
                if let open = state.open, let batch = state.batches[open] {
                    let together = batch.names.union(names)
                    if together.count <= ParameterStore.batch {
                        state.batches[open]?.names = together
                        state.batches[open]?.followers.append(continuation)
                        return nil
                    }
                }
                state.nextID += 1
                state.batches[state.nextID] = Batch(names: Set(names))
                let mayGrow = state.separateUntil.map { now >= $0 } ?? true
                state.open = mayGrow ? state.nextID : nil
                return state.nextID
            }
            if let leads { continuation.resume(returning: .leads(leads)) }
        }
    }

    /// Makes a batch's call. Its names are settled when its turn has come.
    private func lead(_ id: Int, _ deadline: MonotonicTime) async -> Result<Answer, AWSError> {
        do throws(AWSError) {
            return .success(try await call({ self.seal(id) }, deadline))
        } catch {
            return .failure(error)
        }
    }

    private func seal(_ id: Int) -> [String] {
        state.withLock { state in
            if state.open == id { state.open = nil }
            return state.batches[id]?.names.sorted() ?? []
        }
    }

    /// This read's share of a call for several; where that was refused, a call of its own.
    private func mine(
        _ outcome: Result<Answer, AWSError>, _ names: [String], _ deadline: MonotonicTime
    ) async throws(AWSError) -> Answer {
        switch outcome {
        case .success(let answer): return try answer.of(names)
        case .failure(let error) where error.mayConcernOneName:
            return try await call({ names }, deadline).of(names)
        case .failure(let error): throw error
        }
    }

    /// One call for the names there are when its turn has come: GetParameter for one, which a policy may allow alone.
    private func call(
        _ names: @escaping @Sendable () -> [String], _ deadline: MonotonicTime
    ) async throws(AWSError) -> Answer {
        let json: JSON
        do throws(AWSError) {
            json = try await client.call(.parameterStore, deadline: deadline) { Self.message(names()) }
        } catch  where error.kind == .notFound {
            return Answer(missing: Set(names()))
        }
        if let single = json["Parameter"] {
            let parameter = try Parameter(single)
            return Answer(found: [parameter.name: parameter])
        }
        guard let entries = json["Parameters"]?.array else { throw AWSError(.invalidAnswer) }
        var answer = Answer(missing: Set((json["InvalidParameters"]?.array ?? []).compactMap(\.string)))
        for entry in entries {
            let parameter = try Parameter(entry)
            answer.found[parameter.name] = parameter
        }
        return answer
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

internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Synchronization

/// The retry state that all reads of one command share.
private final class SharedRetry: Sendable {
    private let state = Mutex(ReadRetry())

    func change<Value: Sendable>(_ body: (inout ReadRetry) -> Value) -> Value { state.withLock { body(&$0) } }
}

/// Access of the `latchkey migrate` commands to both stores.
struct MigrationAccess: Sendable {
    /// Number of concurrent reads.
    static let readers = 8

    let parameterStore: ParameterStore
    let secretsManager: SecretsManager
    let lambda: Lambda
    let region: String
    private let timeout: Duration
    private let retry = SharedRetry()

    /// - Parameter maxWrites: writes to Parameter Store per second. The default quota of an account is 3.
    init(_ settings: Settings, maxWritesPerSecond: Int = AWSQuota.maxWritesPerSecond) throws {
        let upstreams = try Upstreams(
            settings, time: .system, log: CommandEnvironment.quietLogger(sink: LogSink()),
            maxWritesPerSecond: maxWritesPerSecond)
        parameterStore = upstreams.parameterStore
        secretsManager = upstreams.secretsManager
        lambda = upstreams.lambda
        region = settings.aws.region
        // Reads wait for their turn under LATCHKEY_SSM_MAX_TPS, so the timeout is long. Only this command waits for
        // them.
        timeout = settings.upstreamTimeout * 6
    }

    /// The deadline of a call that starts now.
    var deadline: MonotonicTime { .current + timeout }

    /// The fleet that these settings belong to. Its account comes from the parameters that the journal has moved.
    func place(_ journal: Journal, _ settings: Settings) async throws -> FleetID {
        let moved = journal.items.values.filter { $0.state == .verified }.map(\.target).sorted()
        let found = try await ParameterReader(access: self).read(Array(moved.prefix(ParameterStore.batch)))
        return FleetID(
            account: found.parameters.lazy.compactMap(\.account).first, parameter: BackendSwitch.parameter(settings))
    }

    /// Calls `call` and retries it with increasing pauses if the store does not answer.
    ///
    /// - Throws: the `AWSError` of the last attempt. ``CommandFailure`` when several reads in a row got no answer: the
    ///   store counts as down, and the command ends.
    func reading<Value: Sendable>(
        _ action: String, _ call: () async throws(AWSError) -> Value
    ) async throws -> Value {
        var tries = 1
        while true {
            do throws(AWSError) {
                let value = try await call()
                retry.change { $0.answered() }
                return value
            } catch {
                let storeFailure = StoreFailure(error)
                guard storeFailure.isTransient else {
                    retry.change { $0.answered() }
                    throw error
                }
                let pause = retry.change { $0.pause(after: tries, storeFailure, jitter: .random(in: 0..<1)) }
                guard let pause else {
                    let isGivenUp = retry.change { state in
                        state.failed()
                        return state.isGivenUp
                    }
                    if isGivenUp { throw CommandFailure(error, action: action) }
                    throw error
                }
                tries += 1
                await Timing.systemSleep(.current + pause)
            }
        }
    }

    /// A read whose failure ends the command.
    func require<Value: Sendable>(
        _ action: String, _ call: () async throws(AWSError) -> Value
    ) async throws -> Value {
        do {
            return try await reading(action, call)
        } catch let error as AWSError {
            throw CommandFailure(error, action: action)
        }
    }

    /// Runs `body` over all `items` with limited concurrency; the results keep their order.
    /// - Parameter what: the label of the progress display; nil for none.
    static func each<Item: Sendable, Value: Sendable>(
        _ items: [Item], showing what: String? = nil, _ body: @escaping @Sendable (Item) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: (Int, Value).self) { group in
            var values = [Value?](repeating: nil, count: items.count)
            var next = 0
            var progress = Progress(what ?? "", of: what == nil ? 0 : items.count)
            defer { progress.end() }
            while next < min(readers, items.count) {
                let index = next
                group.addTask { (index, try await body(items[index])) }
                next += 1
            }
            while let (index, value) = try await group.next() {
                values[index] = value
                progress.step()
                if next < items.count {
                    let following = next
                    group.addTask { (following, try await body(items[following])) }
                    next += 1
                }
            }
            return values.compactMap { $0 }
        }
    }
}

extension Parameter {
    /// The account in the parameter's ARN.
    var account: String? {
        let pieces = attributes["ARN"]?.string?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        return pieces.count > 5 ? String(pieces[4]) : nil
    }
}

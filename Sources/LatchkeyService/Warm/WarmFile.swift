internal import Dispatch
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyLog
internal import Logging
internal import Synchronization

/// The sealed file with the last good secrets and tokens, for a start while the upstreams are down (`LATCHKEY_WARM_FILE`).
///
/// It is written when its content has changed, at most every ``interval``, and at the end. What must not come back after a
/// restart (a rejection, a denial, a clear) is written at once, and its answer waits for that (``commit()``). If a write
/// fails, the file is removed instead.
final class WarmFile: Sendable {
    /// Where the file is and what it belongs to.
    struct Location: Sendable {
        let path: String
        let key: Secret
        let context: WarmContext
        /// How long after its last successful read an item may be served; a file that is older is refused.
        let maxAge: Duration
    }

    /// Time between two checks for changes.
    static let interval: Duration = .seconds(5)
    /// How long the start waits for the stores before their secrets are taken from the file.
    static let grace: Duration = .milliseconds(30)
    /// How many secrets are read at start to find out whether their stores answer: one request of Parameter Store.
    private static let probes = 10
    /// The most bytes of the file.
    private static let maxFileBytes = WarmSnapshot.maxBytes * 2

    /// What has been written.
    private struct Version: Equatable, Sendable {
        let secrets: Int
        let tokens: [UInt64]
        let routing: SecretRouting?
    }

    private struct State {
        var written: Version?
        /// Commits are numbered. One write serves all that came before it.
        var requested = 0
        var done = 0
        var isFailing = false
    }

    private let location: Location
    private let secrets: SecretBroker
    private let tokens: TokenBroker
    private let time: Timing
    private let log: Logger
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "latchkey.warm")

    init(_ location: Location, secrets: SecretBroker, tokens: TokenBroker, time: Timing, log: Logger) {
        self.location = location
        self.secrets = secrets
        self.tokens = tokens
        self.time = time
        self.log = log
        secrets.onRevocation { [weak self] in await self?.commit() }
    }

    // MARK: Reading

    /// Takes what the file has and the upstreams have not answered.
    ///
    /// Blocks for ``grace`` at most, while the stores are asked. So a store that answers is always preferred.
    ///
    /// - Parameter backend: the backend of the settings; nil for one that is followed.
    func restore(backend: SecretBackend?) {
        guard let snapshot = read() else { return }
        awaitStores(Array(snapshot.secrets.prefix(Self.probes)))
        if secrets.routing == nil, let routing = snapshot.routing, backend == nil || backend == routing.backend {
            secrets.follow(routing)
        }
        let count = secrets.restore(
            snapshot.secrets, withoutBlob: snapshot.withoutBlob, maxAge: location.maxAge)
        let tokenCount = tokens.restore(snapshot.tokens)
        log.notice(
            .warmFileRead,
            "the warm file was read; what the upstreams do not answer is served from it, marked as stale",
            metadata: [
                "file": "\(location.path)", "secrets": "\(count)", "tokens": "\(tokenCount)",
                "written": "\(RFC3339.format(snapshot.written))",
            ])
        // What a store has refused meanwhile, or is too old, leaves the file before a caller is told.
        queue.sync { write() }
    }

    /// The content of the file; nil if there is no file, or it must not be used.
    private func read() -> WarmSnapshot? {
        let now = time.now()
        do throws(OwnFileError) {
            guard let file = try OwnFile.open(location.path) else { return nil }
            guard let sealed = try? FileReader.readToEnd(file.number, limit: Self.maxFileBytes) else {
                return refuse("it cannot be read, or is larger than \(Self.maxFileBytes) bytes")
            }
            guard let text = SealedText.open(sealed, key: location.key, context: location.context.bytes) else {
                return refuse(
                    "it was altered, or written with another key, prefix, region, endpoint, AWS identity or on another "
                        + "machine")
            }
            guard let snapshot = WarmSnapshot(text.reveal(), now: now) else {
                return refuse("its format is that of another version")
            }
            guard snapshot.written <= now.wall, now.wall - snapshot.written <= location.maxAge else {
                return refuse("it was written at \(RFC3339.format(snapshot.written)), which is too long ago or ahead")
            }
            return snapshot
        } catch {
            return refuse(error.message)
        }
    }

    private func refuse(_ why: String) -> WarmSnapshot? {
        log.warning(
            .warmFileRefused,
            "the warm file is not used; the broker starts without it",
            metadata: ["file": "\(location.path)", "why": "\(why)"])
        return nil
    }

    private func awaitStores(_ warm: [WarmSecret]) {
        let group = DispatchGroup()
        for _ in warm { group.enter() }
        secrets.readAgain(warm, deadline: time.now().monotonic + Self.grace) { group.leave() }
        let (seconds, attoseconds) = Self.grace.components
        _ = group.wait(timeout: .now() + .nanoseconds(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)))
    }

    // MARK: Writing

    /// Writes changes until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await time.sleep(time.now().monotonic + Self.interval)
            if Task.isCancelled { return }
            await commit()
        }
    }

    /// Returns when the present state is on the disk.
    func commit() async {
        await withCheckedContinuation { continuation in commit { continuation.resume() } }
    }

    /// ``commit()`` for code that does not wait. `completion` is called on any thread, possibly before this returns.
    func commit(_ completion: @escaping @Sendable () -> Void) {
        let version = version
        let number = state.withLock { state -> Int? in
            if state.written == version { return nil }
            state.requested += 1
            return state.requested
        }
        guard let number else { return completion() }
        queue.async { [self] in
            let all = state.withLock { $0.done >= number ? nil : $0.requested }
            if let all {
                write()
                state.withLock { $0.done = all }
            }
            completion()
        }
    }

    private var version: Version {
        Version(secrets: secrets.warmVersion, tokens: tokens.warmVersion, routing: secrets.routing)
    }

    private func write() {
        let version = version
        let (secrets, withoutBlob) = secrets.warmSecrets()
        let snapshot = WarmSnapshot(
            written: time.now().wall, routing: version.routing, secrets: secrets, withoutBlob: withoutBlob,
            tokens: tokens.warmTokens())
        do throws(DurableFile.Failure) {
            guard
                let sealed = SealedText.seal(
                    Secret(snapshot.bytes()), key: location.key, context: location.context.bytes)
            else { throw DurableFile.Failure(code: 0) }
            try DurableFile.write(sealed, to: location.path)
            state.withLock { state in
                state.written = version
                state.isFailing = false
            }
        } catch {
            removeAfter(error)
        }
    }

    /// A file that cannot be replaced might hold what was withdrawn.
    private func removeAfter(_ failure: DurableFile.Failure) {
        let isRemoved = (try? DurableFile.remove(location.path)) != nil
        let isFirst = state.withLock { state in
            defer { state.isFailing = true }
            state.written = nil
            return !state.isFailing
        }
        guard isFirst || !isRemoved else { return }
        let what =
            isRemoved
            ? "the warm file cannot be written and was removed; a restart now starts without it"
            : "the warm file can neither be written nor removed; remove it by hand: it may hold what was withdrawn since"
        log.error(
            isRemoved ? .warmFileRemoved : .warmFileLeft, "\(what)",
            metadata: ["file": "\(location.path)", "errno": "\(failure.code)"])
    }
}

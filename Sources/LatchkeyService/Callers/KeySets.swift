internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import Logging
internal import Synchronization

/// Reads and follows the key sets of the trusted issuers, each with its last good value, and gives them to the workers.
///
/// A file is followed like every other one. A URL is read at start, at an interval, and when a token has an unknown `kid`
/// (``KeySetSchedule``). There is one read of an issuer at a time, and callers share it.
final class KeySets: Sendable {
    /// What key sets are read with.
    struct Environment: Sendable {
        let files: FollowedFiles
        let reloads: ReloadHealth
        let reader: KeySetReader
        /// Deadline of one read of a URL.
        let timeout: Duration
        let time: Timing
        let log: Logger
    }

    private struct Item: Sendable {
        let issuer: JWTIssuer
        var keys: JSONWebKeySet?
        var schedule: KeySetSchedule
        /// Why the last read of the URL failed.
        var fault: KeySetFault?
        /// The read under way, and when it began.
        var reading: Task<Void, Never>?
        var readingSince: MonotonicTime?
        /// Reads the URL again and again.
        var follower: Task<Void, Never>?
    }

    /// The current issuers and keys.
    let live = LiveKeySets()
    private let environment: Environment
    private let items = Mutex<[Item]>([])

    init(_ environment: Environment) { self.environment = environment }

    // MARK: Issuers

    /// Trusts these issuers and no others. What is known of an issuer that stays is kept. Must not be called concurrently.
    func replace(with issuers: [JWTIssuer]) {
        let now = environment.time.now().monotonic
        let old = items.withLock { $0 }
        let added = issuers.filter { issuer in !old.contains { $0.issuer == issuer } }
        let removed = old.filter { !issuers.contains($0.issuer) }
        let isChange = items.withLock { items in
            items = issuers.map { issuer in
                if let known = items.first(where: { $0.issuer == issuer }) { return known }
                // Another audience, for example, does not change the keys.
                let keys = items.first { $0.issuer.hasSameKeys(as: issuer) }?.keys
                return Item(issuer: issuer, keys: keys, schedule: KeySetSchedule(now: now))
            }
            return publish(items)
        }
        if isChange { live.announceChange() }
        for item in removed { forget(item) }
        for issuer in added { follow(issuer) }
    }

    /// Ends all reading.
    func stop() {
        for item in items.withLock({ $0 }) { item.follower?.cancel() }
    }

    /// Reads the key set of an issuer again, because a token has an unknown `kid`. Returns when that read, or the one under
    /// way, has ended, or at once if the set was read for this reason within a minute.
    ///
    /// - Returns: whether there was a read, so that the token should be verified again.
    func readAgain(_ issuer: JWTIssuer) async -> Bool {
        guard let reading = startReading(issuer, isUnknownKey: true) else { return false }
        await reading.value
        return true
    }

    /// - Returns: whether something has changed.
    private func publish(_ items: [Item]) -> Bool {
        live.replace(with: items.map { IssuerKeySet($0.issuer, keys: $0.keys) })
    }

    private static func name(_ issuer: JWTIssuer, _ member: String) -> String { "issuer \(issuer.identity): \(member)" }

    private func follow(_ issuer: JWTIssuer) {
        let name = Self.name(issuer, "jwks")
        switch issuer.keys {
        case .file(let path):
            let file = file(issuer, path)
            environment.files.follow(file)
            guard let text = environment.files.value(at: path) else { return }
            switch KeySetReader.parse(text.reveal()) {
            case .success(let keys): accept(keys, of: issuer)
            case .failure(let fault):
                environment.reloads.recordFailure(name, code: fault.code)
                report(fault, of: issuer)
            }
        case .url(let url):
            environment.reloads.follow(name, .jwks, source: url)
            if let bearer = issuer.bearer { environment.files.follow(bearerFile(issuer, bearer)) }
            let task = Task { await readWhenDue(issuer) }
            items.withLock { items in
                if let index = items.firstIndex(where: { $0.issuer == issuer }) { items[index].follower = task }
            }
        }
    }

    private func forget(_ item: Item) {
        item.follower?.cancel()
        // An issuer with the same name may have been added.
        let stays = items.withLock { items in items.contains { $0.issuer.identity == item.issuer.identity } }
        switch item.issuer.keys {
        case .file(let path): environment.files.forget(file(item.issuer, path))
        case .url:
            if !stays { environment.reloads.forget(Self.name(item.issuer, "jwks")) }
        }
        if let bearer = item.issuer.bearer { environment.files.forget(bearerFile(item.issuer, bearer)) }
    }

    // MARK: Files

    private func file(_ issuer: JWTIssuer, _ path: String) -> FollowedFile {
        var file = FollowedFile(.jwks, Self.name(issuer, "jwks"), path: path)
        file.limit = JSONWebKeySet.maxBytes
        file.validate = { text in
            if case .failure(let fault) = KeySetReader.parse(text.reveal()) { fault.reason } else { nil }
        }
        file.onChange = { [weak self] text in
            if case .success(let keys) = KeySetReader.parse(text.reveal()) { self?.accept(keys, of: issuer) }
        }
        file.changeEvent = .keySetChanged
        file.changeMessage = "the key set of an issuer has changed; its keys are in force"
        return file
    }

    private func bearerFile(_ issuer: JWTIssuer, _ path: String) -> FollowedFile {
        FollowedFile(.jwks, Self.name(issuer, "bearer"), path: path)
    }

    // MARK: Reading

    private func readWhenDue(_ issuer: JWTIssuer) async {
        while !Task.isCancelled {
            let due = items.withLock { items in items.first { $0.issuer == issuer }?.schedule.due }
            guard let due else { return }
            if environment.time.now().monotonic < due {
                await environment.time.sleep(due)
            } else {
                await startReading(issuer, isUnknownKey: false)?.value
            }
        }
    }

    /// The read under way, or a new one; nil if there may be none now.
    private func startReading(_ issuer: JWTIssuer, isUnknownKey: Bool) -> Task<Void, Never>? {
        items.withLock { items in
            guard let index = items.firstIndex(where: { $0.issuer == issuer }) else { return nil }
            let now = environment.time.now().monotonic
            if let reading = items[index].reading {
                // A file system may hang. Then no more callers wait for it than in the time that a read may take.
                let isLate = items[index].readingSince.map { now - $0 > environment.timeout } ?? false
                return isUnknownKey && isLate ? nil : reading
            }
            if isUnknownKey, !items[index].schedule.takeUnknownKey(now) { return nil }
            let task = Task { await read(issuer) }
            items[index].reading = task
            items[index].readingSince = now
            return task
        }
    }

    private func read(_ issuer: JWTIssuer) async {
        guard case .url(let url) = issuer.keys else {
            // Two checks of the followed files agree on a change.
            await environment.files.refresh()
            items.withLock { items in
                if let index = items.firstIndex(where: { $0.issuer == issuer }) { items[index].reading = nil }
            }
            return
        }
        let bearer = issuer.bearer.flatMap { environment.files.value(at: $0) }
        let result: Result<JSONWebKeySet, KeySetFault>
        if let path = issuer.bearer, bearer == nil {
            result = .failure(KeySetFault(bearer: environment.files.fault(at: path) ?? .absent))
        } else {
            let deadline = environment.time.now().monotonic + environment.timeout
            result = await environment.reader.read(
                url, authorities: issuer.authorities, bearer: bearer, deadline: deadline)
        }
        apply(result, to: issuer)
    }

    private func apply(_ result: Result<JSONWebKeySet, KeySetFault>, to issuer: JWTIssuer) {
        let (now, jitter) = (environment.time.now().monotonic, environment.time.jitter())
        let (before, isPublished) = items.withLock { items -> (Item?, Bool) in
            var isPublished = false
            guard let index = items.firstIndex(where: { $0.issuer == issuer }) else {
                return (nil, false)
            }
            let before = items[index]
            items[index].reading = nil
            switch result {
            case .success(let keys):
                items[index].keys = keys
                items[index].fault = nil
                isPublished = publish(items)
            case .failure(let fault): items[index].fault = fault
            }
            items[index].schedule.ended(isSuccess: items[index].fault == nil, now: now, jitter: jitter)
            return (before, isPublished)
        }
        if isPublished { live.announceChange() }
        guard let before else { return }
        let name = Self.name(issuer, "jwks")
        switch result {
        case .success(let keys):
            let isChange = keys != before.keys
            environment.reloads.recordSuccess(name, isChange: isChange)
            if isChange { reportChange(keys, of: issuer) } else if before.fault != nil { reportRecovery(of: issuer) }
        case .failure(let fault):
            guard fault != before.fault else { return }
            environment.reloads.recordFailure(name, code: fault.code)
            report(fault, of: issuer)
        }
    }

    private func accept(_ keys: JSONWebKeySet, of issuer: JWTIssuer) {
        let isChange = items.withLock { items in
            guard let index = items.firstIndex(where: { $0.issuer == issuer }) else { return false }
            items[index].keys = keys
            return publish(items)
        }
        if isChange { live.announceChange() }
    }

    // MARK: Log

    private func metadata(_ issuer: JWTIssuer) -> Logger.Metadata {
        ["issuer": "\(issuer.identity)", "source": "\(issuer.keys)"]
    }

    private func reportChange(_ keys: JSONWebKeySet, of issuer: JWTIssuer) {
        environment.log.notice(
            .keySetChanged,
            "the key set of an issuer was read; its keys are in force",
            metadata: metadata(issuer).merging(["keys": "\(keys.keys.count)", "skipped": "\(keys.skipped)"]) { $1 })
    }

    private func reportRecovery(of issuer: JWTIssuer) {
        environment.log.notice(
            .keySetRecovered,
            "the key set of an issuer can be read again; its keys have not changed", metadata: metadata(issuer))
    }

    private func report(_ fault: KeySetFault, of issuer: JWTIssuer) {
        environment.log.warning(
            .keySetFailed,
            "the key set of an issuer cannot be used; the last good keys stay in force, and without any its tokens are refused",
            metadata: metadata(issuer).merging(["code": "\(fault.code)", "why": "\(fault.reason)"]) { $1 })
    }
}

extension JWTIssuer {
    /// Whether the keys of the other issuer are read at the same place, and trusted for the same reason.
    fileprivate func hasSameKeys(as other: JWTIssuer) -> Bool {
        keys == other.keys && authorities == other.authorities
    }
}

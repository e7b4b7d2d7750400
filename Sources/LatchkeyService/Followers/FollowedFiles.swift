internal import Dispatch
internal import LatchkeyConfine
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import Logging
internal import Synchronization

/// Follows the files that settings and profiles name, each with its last good value. All are checked every ``interval``
/// on a queue of their own, so that a hanging file system delays no caller.
final class FollowedFiles: Sendable {
    /// Time between two checks. A value is applied after two checks that agree, so within 1 s of the last write.
    static let interval: Duration = .milliseconds(250)

    /// Reads the value of a file with a size limit.
    typealias Read = @Sendable (_ path: String, _ limit: Int) -> Result<[UInt8], FileError>

    private struct Item: Sendable {
        let file: FollowedFile
        var followed: Followed<Secret>
    }

    private let items = Mutex<[Item]>([])
    private let read: Read
    private let health: ReloadHealth
    private let time: Timing
    private let log: Logger
    private let queue = DispatchQueue(label: "latchkey.files")

    init(health: ReloadHealth, time: Timing, log: Logger, read: @escaping Read = FollowedFiles.system(.everything)) {
        self.health = health
        self.time = time
        self.log = log
        self.read = read
    }

    /// Reads from the file system.
    /// - Parameter scope: the files that this process can read.
    static func system(_ scope: FileScope) -> Read {
        { path, limit in
            Result { () throws(FileError) in try FileReader.value(path, limit: limit) }
                .mapError { scope.explain($0, path) }
        }
    }

    /// Starts following a file.
    ///
    /// - Parameter value: the value read at startup; nil to read it now.
    func follow(_ file: FollowedFile, value: Secret? = nil) {
        var first = value
        if first == nil, case .success(let bytes) = read(file.path, file.limit) { first = Secret(bytes) }
        health.follow(file.name, file.subject, source: file.path)
        let item = Item(file: file, followed: Followed(first))
        items.withLock { items in
            items.removeAll { $0.file.isSame(as: file) }
            items.append(item)
        }
    }

    /// Stops following a file.
    func forget(_ file: FollowedFile) {
        let hasOther = items.withLock { items in
            items.removeAll { $0.file.isSame(as: file) }
            return items.contains { $0.file.name == file.name }
        }
        if !hasOther { health.forget(file.name) }
    }

    /// The last good value of the file at `path`; nil if there was none yet.
    func value(at path: String) -> Secret? {
        items.withLock { $0.first { $0.file.path == path }?.followed.value }
    }

    /// Why the file at `path` has no value.
    func fault(at path: String) -> FileError? {
        items.withLock { $0.first { $0.file.path == path } }?.followed.error
    }

    /// The current text of a setting. For a `file:` value this is the file's last good value.
    func current(_ name: SettingName, of settings: Settings) -> String? {
        guard let given = settings.sources.given[name] else { return nil }
        return given.readFrom.flatMap { value(at: $0)?.revealText() } ?? given.text
    }

    /// Runs until the task is cancelled.
    func run() async {
        guard !items.withLock({ $0.isEmpty }) else { return }
        while !Task.isCancelled {
            await time.sleep(time.now().monotonic + Self.interval)
            if Task.isCancelled { return }
            await checkOnQueue()
        }
    }

    /// Checks twice, so that a file written just before is applied when this returns. Called after a credential was
    /// refused.
    func refresh() async {
        guard !items.withLock({ $0.isEmpty }) else { return }
        await checkOnQueue()
        await time.sleep(time.now().monotonic + Self.interval)
        await checkOnQueue()
    }

    private func checkOnQueue() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.check()
                continuation.resume()
            }
        }
    }

    /// Runs `work` between two checks, so that it and ``FollowedFile/onChange`` do not run at the same time.
    func betweenChecks<Failure: Error>(_ work: () throws(Failure) -> Void) throws(Failure) {
        var failure: Failure?
        queue.sync {
            do throws(Failure) {
                try work()
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// Checks every file once and applies the changes.
    func check() {
        for item in items.withLock({ $0 }) {
            let file = item.file
            let reading = inspect(file, current: item.followed.value)
            let event = items.withLock { items in
                guard let index = items.firstIndex(where: { $0.file.isSame(as: file) }) else {
                    return Followed<Secret>.Event.nothing
                }
                return items[index].followed.apply(reading)
            }
            act(on: event, file)
        }
    }

    private func inspect(_ file: FollowedFile, current: Secret?) -> Followed<Secret>.Reading {
        switch read(file.path, file.limit) {
        case .failure(let fault): return .failed(fault)
        case .success(let bytes):
            let value = Secret(bytes)
            guard value != current, let why = file.validate(value) else { return .read(value) }
            return .failed(.unfit(why))
        }
    }

    private func act(on event: Followed<Secret>.Event, _ file: FollowedFile) {
        let metadata: Logger.Metadata = ["name": "\(file.name)", "file": "\(file.path)"]
        switch event {
        case .nothing: break
        case .changed(let value):
            file.onChange(value)
            health.recordSuccess(file.name, isChange: true)
            log.notice(file.changeEvent, "\(file.changeMessage)", metadata: metadata)
        case .recovered:
            file.onRecovery()
            health.recordSuccess(file.name, isChange: false)
            log.notice(
                .fileRecovered, "a followed file can be read again; its value has not changed", metadata: metadata)
        case .failing(let fault):
            health.recordFailure(file.name, code: fault.code)
            log.warning(
                .fileFailed,
                "a followed file cannot be used; the last good value stays in force",
                metadata: metadata.merging(["code": "\(fault.code)", "why": "\(fault)"]) { $1 })
        }
    }
}

internal import Dispatch
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import Logging
internal import Synchronization

/// The files that settings and profiles name, each with its last good value. They are looked at together every
/// ``interval``, on a queue of their own: a file system that hangs holds up no caller.
final class FollowedFiles: Sendable {
    /// Between two looks. A value is in force after two looks that agree, so within 1 s of the last write.
    static let interval: Duration = .milliseconds(250)

    /// Reads the value of a file of at most so many bytes.
    typealias Read = @Sendable (_ path: String, _ limit: Int) -> Result<[UInt8], FileFault>

    private struct Item: Sendable {
        let file: FollowedFile
        var followed: Followed<Secret>
    }

    private let items = Mutex<[Item]>([])
    private let read: Read
    private let health: ReloadHealth
    private let log: Logger
    private let queue = DispatchQueue(label: "latchkey.files")

    init(health: ReloadHealth, log: Logger, read: @escaping Read = FollowedFiles.system) {
        self.health = health
        self.log = log
        self.read = read
    }

    /// The file system's files.
    static let system: Read = { path, limit in
        Result { () throws(FileFault) in try FileReader.value(path, limit: limit) }
    }

    /// Follows a file from now on.
    ///
    /// - Parameter value: what was read of it at the start; nil to read it now.
    func follow(_ file: FollowedFile, value: Secret? = nil) {
        var first = value
        if first == nil, case .success(let bytes) = read(file.path, file.limit) { first = Secret(bytes) }
        health.follow(file.name, file.what, source: file.path)
        let item = Item(file: file, followed: Followed(first))
        items.withLock { items in
            items.removeAll { $0.file.isSame(as: file) }
            items.append(item)
        }
    }

    /// Follows a file no more.
    func forget(_ file: FollowedFile) {
        let hasOther = items.withLock { items in
            items.removeAll { $0.file.isSame(as: file) }
            return items.contains { $0.file.name == file.name }
        }
        if !hasOther { health.forget(file.name) }
    }

    /// The last good value of the file at `path`; nil where there never was one.
    func value(at path: String) -> Secret? {
        items.withLock { $0.first { $0.file.path == path }?.followed.value }
    }

    /// The fault that keeps a file without a value from having one.
    func fault(at path: String) -> FileFault? {
        items.withLock { $0.first { $0.file.path == path } }?.followed.error
    }

    /// A setting's text as it is now: of a `file:` value, the file's last good one.
    func current(_ name: SettingName, of settings: Settings) -> String? {
        guard let given = settings.sources.given[name] else { return nil }
        return given.readFrom.flatMap { value(at: $0)?.revealText() } ?? given.text
    }

    /// Runs until the task is cancelled.
    func run() async {
        guard !items.withLock({ $0.isEmpty }) else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            if Task.isCancelled { return }
            await lookAside()
        }
    }

    /// Looks twice, so that a file that was just written is in force when this returns. For who has been refused with the
    /// value that was.
    func settle() async {
        guard !items.withLock({ $0.isEmpty }) else { return }
        await lookAside()
        try? await Task.sleep(for: Self.interval)
        await lookAside()
    }

    private func lookAside() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.look()
                continuation.resume()
            }
        }
    }

    /// Looks at every file once and acts on what that came to.
    func look() {
        for item in items.withLock({ $0 }) {
            let file = item.file
            let look = look(at: file, current: item.followed.value)
            let event = items.withLock { items in
                guard let index = items.firstIndex(where: { $0.file.isSame(as: file) }) else {
                    return Followed<Secret>.Event.nothing
                }
                return items[index].followed.apply(look)
            }
            act(on: event, file)
        }
    }

    private func look(at file: FollowedFile, current: Secret?) -> Followed<Secret>.Reading {
        switch read(file.path, file.limit) {
        case .failure(let fault): return .failed(fault)
        case .success(let bytes):
            let value = Secret(bytes)
            guard value != current, let why = file.judge(value) else { return .read(value) }
            return .failed(.unfit(why))
        }
    }

    private func act(on event: Followed<Secret>.Event, _ file: FollowedFile) {
        let metadata: Logger.Metadata = ["name": "\(file.name)", "file": "\(file.path)"]
        switch event {
        case .nothing: break
        case .changed(let value):
            file.changed(value)
            health.read(file.name, isChange: true)
            log.notice("\(file.news)", metadata: metadata)
        case .recovered:
            health.read(file.name, isChange: false)
            log.notice("a followed file can be read again; its value has not changed", metadata: metadata)
        case .failing(let fault):
            health.failing(file.name, code: fault.code)
            log.warning(
                "a followed file cannot be used; the last good value stays in force",
                metadata: metadata.merging(["code": "\(fault.code)", "why": "\(fault)"]) { $1 })
        }
    }
}

import LatchkeyMigration

/// Parameter Store, a journal and a process that may be killed, as values: what runs a ``CopyStep`` in the tests.
struct CopyModel {
    struct Stored: Equatable {
        var value: String
        var kind = ParameterKind.secureString
        var version: Int64 = 1
        var hasTags = false
    }

    /// Where the process is killed: before the effect of its n-th action, or after it and before it learns of it.
    enum Kill: Equatable {
        case before(Int)
        case after(Int)
    }

    /// What befalls writes, looks and tags, one each until the list is used up.
    enum Fault {
        /// Refused before anything was done.
        case trouble(StoreFailure)
        /// Done, and the answer lost.
        case lostAnswer
        /// What a look shows is as old as before the last write.
        case lag
    }

    var stored: Stored?
    var previous: Stored?
    /// Lines of the journal that are durable.
    var journal: [JournalItem.State] = []
    var faults: [Fault] = []
    private(set) var actions = 0

    init(_ stored: Stored? = nil) { self.stored = stored }

    /// Runs to the end, or to the kill; nil then.
    mutating func run(
        moving value: String, mayOverwrite: Bool = false, hasTags: Bool = false, kill: Kill? = nil
    ) -> CopyStep.Outcome? {
        let isResumed = journal.last.map { $0 != .verified } ?? false
        var step = CopyStep(
            CopyStep.Task(kind: .secureString, mayOverwrite: mayOverwrite, hasTags: hasTags, isResumed: isResumed))
        var action = step.start()
        actions = 0
        while actions < 200 {
            if case .finish(let outcome) = action { return outcome }
            actions += 1
            if kill == .before(actions) { return nil }
            let event = perform(action, value, hasTags)
            if kill == .after(actions) { return nil }
            action = step.after(event)
        }
        return .failed(StoreFailure(.unsure, code: "never ends"))
    }

    private mutating func perform(_ action: CopyStep.Action, _ value: String, _ hasTags: Bool) -> CopyStep.Event {
        switch action {
        case .note(let state, _, _):
            journal.append(state)
            return .noted
        case .pause: return .paused
        case .finish: return .paused
        case .look: return look(value)
        case .create: return write(value, isNew: true, hasTags)
        case .overwrite: return write(value, isNew: false, hasTags)
        case .tag:
            if case .trouble(let trouble)? = faults.popFirst() { return .failed(trouble) }
            stored?.hasTags = true
            return .tagged
        }
    }

    private mutating func look(_ value: String) -> CopyStep.Event {
        var seen = stored
        if case .lag? = faults.first {
            faults.removeFirst()
            seen = previous
        } else if case .trouble(let trouble)? = faults.first {
            faults.removeFirst()
            return .failed(trouble)
        }
        guard let seen else { return .absent }
        return .found(isEqual: seen.value == value, kind: seen.kind, version: seen.version)
    }

    private mutating func write(_ value: String, isNew: Bool, _ hasTags: Bool) -> CopyStep.Event {
        if case .trouble(let trouble)? = faults.first {
            faults.removeFirst()
            return .failed(trouble)
        }
        if isNew, stored != nil { return .taken }
        let version = (stored?.version ?? 0) + 1
        previous = stored
        stored = Stored(value: value, version: version, hasTags: (stored?.hasTags ?? false) || (isNew && hasTags))
        if case .lostAnswer? = faults.first {
            faults.removeFirst()
            return .failed(StoreFailure(.unsure, code: "timed_out"))
        }
        return .wrote(version: version)
    }
}

extension Array {
    fileprivate mutating func popFirst() -> Element? { isEmpty ? nil : removeFirst() }
}

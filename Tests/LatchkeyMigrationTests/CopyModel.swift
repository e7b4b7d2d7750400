import LatchkeyMigration

/// Runs a ``CopyStep`` against Parameter Store, a journal and a process that may be killed, all as values.
struct CopyModel {
    struct Stored: Equatable {
        var value: String
        var kind = ParameterKind.secureString
        var version: Int64 = 1
        var hasTags = false
    }

    /// When the process is killed: before its n-th action takes effect, or after that and before it gets the result.
    enum Kill: Equatable {
        case before(Int)
        case after(Int)
    }

    /// The failures of the next calls, one for each call.
    enum Fault {
        /// The call fails without effect.
        case failure(StoreFailure)
        /// The write takes effect, and its answer is lost.
        case lostAnswer
        /// The read returns the state before the last write.
        case lag
    }

    var stored: Stored?
    var previous: Stored?
    /// The durable entries of the journal.
    var journal: [JournalItem.State] = []
    var faults: [Fault] = []
    private(set) var actions = 0

    init(_ stored: Stored? = nil) { self.stored = stored }

    /// Runs to the end and returns the outcome; nil if the process was killed.
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
        case .read: return read(value)
        case .create: return write(value, isNew: true, hasTags)
        case .overwrite: return write(value, isNew: false, hasTags)
        case .tag:
            if case .failure(let failure)? = faults.popFirst() { return .failed(failure) }
            stored?.hasTags = true
            return .tagged
        }
    }

    private mutating func read(_ value: String) -> CopyStep.Event {
        var seen = stored
        if case .lag? = faults.first {
            faults.removeFirst()
            seen = previous
        } else if case .failure(let failure)? = faults.first {
            faults.removeFirst()
            return .failed(failure)
        }
        guard let seen else { return .absent }
        return .found(isEqual: seen.value == value, kind: seen.kind, version: seen.version)
    }

    private mutating func write(_ value: String, isNew: Bool, _ hasTags: Bool) -> CopyStep.Event {
        if case .failure(let failure)? = faults.first {
            faults.removeFirst()
            return .failed(failure)
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

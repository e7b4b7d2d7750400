internal import LatchkeyCore

/// The state machine that copies one secret: takes events and returns the next action. Pure, so that a test can stop it at
/// every step.
///
/// A value is written exactly once. A new parameter is created without overwriting. A write whose answer was lost is looked
/// for before it is repeated. A write counts only after the value was read back.
package struct CopyStep: Sendable {
    /// What the caller has to do next.
    package enum Action: Hashable, Sendable {
        /// Make this entry durable in the journal, then send ``Event/noted``.
        case note(JournalItem.State, version: Int64?, reason: String?)
        /// Read the parameter from the store, past every cache.
        case read
        /// Create the parameter with its tags (PutParameter, `Overwrite=false`).
        case create
        /// Overwrite the parameter (`Overwrite=true`).
        case overwrite
        /// Add the tags to the parameter.
        case tag
        case pause(Duration)
        case finish(Outcome)
    }

    /// What happened.
    package enum Event: Hashable, Sendable {
        case noted
        case paused
        case absent
        /// - Parameter isEqual: whether the parameter has the value to copy.
        case found(isEqual: Bool, kind: ParameterKind, version: Int64)
        case wrote(version: Int64)
        /// ``Action/create`` found an existing parameter.
        case taken
        case tagged
        case failed(StoreFailure)
    }

    /// The result of the copy.
    package enum Outcome: Hashable, Sendable {
        /// This move wrote the value, and it was read back.
        case copied(version: Int64)
        /// The parameter already had the value.
        case equal(version: Int64)
        /// The parameter has another value, and overwriting is not allowed.
        case keptBack(version: Int64)
        case failed(StoreFailure)
    }

    /// What is known before the first action.
    package struct Task: Hashable, Sendable {
        package var kind: ParameterKind
        /// Whether another value may be overwritten.
        package var mayOverwrite: Bool
        package var hasTags: Bool
        /// Whether the journal has an unfinished copy of this value.
        package var isResumed: Bool

        package init(kind: ParameterKind, mayOverwrite: Bool, hasTags: Bool, isResumed: Bool) {
            self.kind = kind
            self.mayOverwrite = mayOverwrite
            self.hasTags = hasTags
            self.isResumed = isResumed
        }
    }

    /// The most attempts for calls that are throttled or get no answer.
    package static let maxTries = 10
    /// The most reads for a write that was acknowledged or may have taken effect: about 12 s with the pauses between.
    package static let maxReads = 8

    private enum Phase: Hashable {
        /// Reading the parameter before any write.
        case reading
        case creating
        case overwriting
        /// Reading back the write of this version.
        case confirming(version: Int64)
        case tagging(version: Int64)
        /// Recording the outcome in the journal.
        case closing(Outcome)
    }

    private let task: Task
    private var phase = Phase.reading
    private var tries = 0
    private var reads = 0
    private var hasBegun = false
    /// Whether a write may have taken effect: one of this copy, or one of a copy that was cut off before.
    private var mayHaveWritten: Bool
    /// The action that follows a journal entry or a pause.
    private var next: Action?

    package init(_ task: Task) {
        self.task = task
        mayHaveWritten = task.isResumed
    }

    /// The first action.
    package mutating func start() -> Action { .read }

    /// The action that follows `event`.
    package mutating func after(_ event: Event) -> Action {
        switch event {
        case .noted, .paused:
            if case .closing(let outcome) = phase { return .finish(outcome) }
            defer { next = nil }
            return next ?? .read
        case .absent: return foundNothing()
        case .found(let isEqual, let kind, let version): return found(isEqual, kind, version)
        case .wrote(let version):
            mayHaveWritten = true
            phase = .confirming(version: version)
            reads = 0
            return note(.written, version: version, then: .read)
        case .taken:
            // Either an earlier create took effect and its answer was lost, or somebody else created the parameter.
            phase = .reading
            return retry(StoreFailure(.unsure, code: "taken"), .read)
        case .tagged:
            guard case .tagging(let version) = phase else { return .read }
            return close(.copied(version: version))
        case .failed(let failure): return failed(failure)
        }
    }

    // MARK: Results of a read

    private mutating func foundNothing() -> Action {
        if case .confirming = phase { return readAgain() }
        phase = .creating
        return begin(.create)
    }

    private mutating func found(_ isEqual: Bool, _ kind: ParameterKind, _ version: Int64) -> Action {
        guard kind == task.kind else {
            return close(.failed(StoreFailure(.refused, code: "other_type")))
        }
        if isEqual {
            guard mayHaveWritten else { return close(.equal(version: version)) }
            guard task.hasTags else { return close(.copied(version: version)) }
            // A create sets the tags, but an overwrite cannot (PutParameter, `Tags`).
            phase = .tagging(version: version)
            return .tag
        }
        if case .confirming(let written) = phase {
            // Somebody else wrote after this copy; a person has to decide.
            if version > written { return close(.failed(StoreFailure(.refused, code: "changed_meanwhile"))) }
            return readAgain()
        }
        guard task.mayOverwrite else { return close(.keptBack(version: version)) }
        // Reads may lag behind a write that took effect. Wait as long as for an acknowledged one, so that the value is
        // not written twice.
        if mayHaveWritten, reads < Self.maxReads {
            reads += 1
            phase = .reading
            return pauseThenRead()
        }
        reads = 0
        phase = .overwriting
        return begin(.overwrite)
    }

    /// Reads once more: Parameter Store is eventually consistent.
    private mutating func readAgain() -> Action {
        reads += 1
        guard reads < Self.maxReads else { return close(.failed(StoreFailure(.unsure, code: "not_seen"))) }
        return pauseThenRead()
    }

    private mutating func pauseThenRead() -> Action {
        pause(Backoff.untilVisible.delay(afterFailures: reads, random: 0), then: .read)
    }

    // MARK: Failures

    private mutating func failed(_ failure: StoreFailure) -> Action {
        switch failure.kind {
        case .denied, .refused: return close(.failed(failure))
        case .throttled:
            let again: Action =
                switch phase {
                case .reading, .confirming, .closing: .read
                case .creating: .create
                case .overwriting: .overwrite
                case .tagging: .tag
                }
            return retry(failure, again)
        case .unsure:
            // The write may have taken effect: read before writing again.
            if phase == .creating || phase == .overwriting {
                mayHaveWritten = true
                phase = .reading
            }
            if case .tagging = phase { return retry(failure, .tag) }
            return retry(failure, .read)
        }
    }

    private mutating func retry(_ failure: StoreFailure, _ action: Action) -> Action {
        tries += 1
        guard tries < Self.maxTries else { return close(.failed(failure)) }
        return pause(Backoff.copying.delay(afterFailures: tries, random: 0), then: action)
    }

    // MARK: Actions

    /// Returns the write; before the first one, the journal entry that announces it.
    private mutating func begin(_ write: Action) -> Action {
        guard !hasBegun else { return write }
        hasBegun = true
        return note(.begun, version: nil, then: write)
    }

    private mutating func note(_ state: JournalItem.State, version: Int64?, then action: Action) -> Action {
        next = action
        return .note(state, version: version, reason: nil)
    }

    private mutating func pause(_ duration: Duration, then action: Action) -> Action {
        next = action
        return .pause(duration)
    }

    private mutating func close(_ outcome: Outcome) -> Action {
        phase = .closing(outcome)
        return switch outcome {
        case .copied(let version), .equal(let version): .note(.verified, version: version, reason: nil)
        case .keptBack(let version): .note(.failed, version: version, reason: "other_value")
        case .failed(let failure): .note(.failed, version: nil, reason: failure.code)
        }
    }
}

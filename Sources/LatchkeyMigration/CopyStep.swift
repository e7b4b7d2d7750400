/// Moves one secret: told what happened, says what to do next. Pure, so that it can be stopped at every step.
///
/// A value arrives once whatever happens between: a new parameter is created and never written over, a write whose
/// answer was lost is looked for before it is repeated, and a write is only believed when it has been read back.
package struct CopyStep: Sendable {
    /// What to do next.
    package enum Action: Hashable, Sendable {
        /// Make this durable in the journal, then ``Event/noted``.
        case note(JournalItem.State, version: Int64?, reason: String?)
        /// Read the parameter past every cache.
        case look
        /// Write it where there is none yet, tags included (PutParameter, `Overwrite=false`).
        case create
        /// Write it over what is there (`Overwrite=true`).
        case overwrite
        /// Put the tags on it.
        case tag
        case pause(Duration)
        case finish(Outcome)
    }

    /// What happened.
    package enum Event: Hashable, Sendable {
        case noted
        case paused
        case absent
        /// - Parameter isEqual: whether it has the value that is moved, in the kind that is wanted.
        case found(isEqual: Bool, kind: ParameterKind, version: Int64)
        case wrote(version: Int64)
        /// `Overwrite=false` met a parameter of that name.
        case taken
        case tagged
        case failed(StoreFailure)
    }

    /// How it ended.
    package enum Outcome: Hashable, Sendable {
        /// Written, or found written by this move, and read back.
        case copied(version: Int64)
        /// It was there already.
        case equal(version: Int64)
        /// Another value is there, and writing over it was not asked for.
        case keptBack(version: Int64)
        case failed(StoreFailure)
    }

    /// What is known before the first step.
    package struct Task: Hashable, Sendable {
        package var kind: ParameterKind
        /// Another value may be written over.
        package var mayOverwrite: Bool
        package var hasTags: Bool
        /// The journal says that this was begun before and not seen to its end.
        package var isResumed: Bool

        package init(kind: ParameterKind, mayOverwrite: Bool, hasTags: Bool, isResumed: Bool) {
            self.kind = kind
            self.mayOverwrite = mayOverwrite
            self.hasTags = hasTags
            self.isResumed = isResumed
        }
    }

    /// Tries of one call that was throttled or went unanswered.
    package static let mostTries = 10
    /// Looks for a write that was acknowledged, or may have been done: with the pauses between, about 12 s.
    package static let mostLooks = 8

    private enum Phase: Hashable {
        /// Finding out how the parameter stands.
        case looking
        case creating
        case overwriting
        /// Reading back what was written at this version.
        case confirming(version: Int64)
        case tagging(version: Int64)
        /// The journal is being told that all is done.
        case closing(Outcome)
    }

    private let task: Task
    private var phase = Phase.looking
    private var tries = 0
    private var looks = 0
    private var hasBegun = false
    /// A write may have been done: by this step, or by one that the journal says was cut off.
    private var mayHaveWritten: Bool
    /// What to do once the journal or the pause is done with.
    private var next: Action?

    package init(_ task: Task) {
        self.task = task
        mayHaveWritten = task.isResumed
    }

    /// The first thing to do.
    package mutating func start() -> Action { .look }

    /// What to do after `event`.
    package mutating func after(_ event: Event) -> Action {
        switch event {
        case .noted, .paused:
            if case .closing(let outcome) = phase { return .finish(outcome) }
            defer { next = nil }
            return next ?? .look
        case .absent: return sawNothing()
        case .found(let isEqual, let kind, let version): return saw(isEqual, kind, version)
        case .wrote(let version):
            mayHaveWritten = true
            phase = .confirming(version: version)
            looks = 0
            return note(.written, version: version, then: .look)
        case .taken:
            // A create that was begun before its answer was lost, or somebody else's parameter: looking tells.
            phase = .looking
            return retry(StoreFailure(.unsure, code: "taken"), .look)
        case .tagged:
            guard case .tagging(let version) = phase else { return .look }
            return close(.copied(version: version))
        case .failed(let trouble): return failed(trouble)
        }
    }

    // MARK: What a look showed

    private mutating func sawNothing() -> Action {
        if case .confirming = phase { return lookAgain() }
        phase = .creating
        return begin(.create)
    }

    private mutating func saw(_ isEqual: Bool, _ kind: ParameterKind, _ version: Int64) -> Action {
        guard kind == task.kind else {
            return close(.failed(StoreFailure(.refused, code: "other_type")))
        }
        if isEqual {
            guard mayHaveWritten else { return close(.equal(version: version)) }
            guard task.hasTags else { return close(.copied(version: version)) }
            // Tags go along with a create, but a write over a parameter cannot carry them.
            phase = .tagging(version: version)
            return .tag
        }
        if case .confirming(let written) = phase {
            // Somebody wrote after us; that is for people to look at.
            if version > written { return close(.failed(StoreFailure(.refused, code: "changed_meanwhile"))) }
            return lookAgain()
        }
        guard task.mayOverwrite else { return close(.keptBack(version: version)) }
        // A write that may have been done may be shown late: it is waited for as long as one that was acknowledged, so
        // that the value is not written twice.
        if mayHaveWritten, looks < Self.mostLooks {
            looks += 1
            phase = .looking
            return pause(.milliseconds(100 << min(looks, 5)), then: .look)
        }
        looks = 0
        phase = .overwriting
        return begin(.overwrite)
    }

    /// Parameter Store may show a write a moment late.
    private mutating func lookAgain() -> Action {
        looks += 1
        guard looks < Self.mostLooks else { return close(.failed(StoreFailure(.unsure, code: "not_seen"))) }
        return pause(.milliseconds(100 << min(looks, 5)), then: .look)
    }

    // MARK: Failures

    private mutating func failed(_ trouble: StoreFailure) -> Action {
        switch trouble.kind {
        case .denied, .refused: return close(.failed(trouble))
        case .throttled:
            let again: Action =
                switch phase {
                case .looking, .confirming, .closing: .look
                case .creating: .create
                case .overwriting: .overwrite
                case .tagging: .tag
                }
            return retry(trouble, again)
        case .unsure:
            // The write may have been done: find out before it is done again.
            if phase == .creating || phase == .overwriting {
                mayHaveWritten = true
                phase = .looking
            }
            if case .tagging = phase { return retry(trouble, .tag) }
            return retry(trouble, .look)
        }
    }

    private mutating func retry(_ trouble: StoreFailure, _ action: Action) -> Action {
        tries += 1
        guard tries < Self.mostTries else { return close(.failed(trouble)) }
        return pause(.milliseconds(200 << min(tries - 1, 5)), then: action)
    }

    // MARK: Going on

    private mutating func begin(_ action: Action) -> Action {
        guard !hasBegun else { return action }
        hasBegun = true
        return note(.begun, version: nil, then: action)
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
        case .failed(let trouble): .note(.failed, version: nil, reason: trouble.code)
        }
    }
}

/// Why a call to a store did not do what it was for.
package struct StoreFailure: Error, Hashable, Sendable {
    /// What that means for what comes next.
    package enum Kind: String, Hashable, Sendable {
        /// Not allowed: asking again changes nothing.
        case denied
        /// Not done; later it may be.
        case throttled
        /// No answer, or none that can be trusted: a write may have been done.
        case unsure
        /// The store does not take it as it is.
        case refused
    }

    package var kind: Kind
    /// The store's own code, or a word of ours; safe to log.
    package var code: String

    package init(_ kind: Kind, code: String) {
        self.kind = kind
        self.code = code
    }
}

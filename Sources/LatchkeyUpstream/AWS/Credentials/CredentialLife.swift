package import LatchkeyCore

/// How long a set of credentials lives, and from when on another is looked for. Judged on the monotonic clock alone:
/// what anybody does to the wall clock after the set has come neither ends nor lengthens it.
package struct CredentialLife: Hashable, Sendable {
    /// Left to live when another set is first looked for, in the background (botocore, `_advisory_refresh_timeout`).
    package static let longestAdvisory: Duration = .seconds(15 * 60)
    /// Left to live when callers wait a moment for it (botocore, `_mandatory_refresh_timeout`).
    package static let longestMandatory: Duration = .seconds(10 * 60)

    package enum Age: Hashable, Sendable {
        case fresh, advisory, mandatory, ended
    }

    /// Nil for a set that does not end.
    package let end: MonotonicTime?
    private let advisory: Duration
    private let mandatory: Duration

    /// - Parameters:
    ///   - expiration: by our own wall clock.
    ///   - predecessor: the life of the same set as it was known before: its windows go on, so that a set that is
    ///     handed out once more is not taken for a short-lived one.
    package init(expiration: WallTime?, at now: Now, continuing predecessor: CredentialLife? = nil) {
        let remaining = expiration.map { $0 - now.wall }
        end = remaining.map { now.monotonic + $0 }
        // Of a short life no more than a quarter and a sixth: a role of 15 minutes would never be fresh.
        advisory = predecessor?.advisory ?? min(Self.longestAdvisory, (remaining ?? .zero) / 4)
        mandatory = predecessor?.mandatory ?? min(Self.longestMandatory, (remaining ?? .zero) / 6)
    }

    package func age(_ now: MonotonicTime) -> Age {
        guard let end else { return .fresh }
        let remaining = end - now
        if remaining <= .zero { return .ended }
        if remaining <= mandatory { return .mandatory }
        return remaining <= advisory ? .advisory : .fresh
    }
}

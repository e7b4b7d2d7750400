package import LatchkeyCore

/// When a set of credentials expires, and when to refresh it before that. Judged by the monotonic clock alone: a change
/// of the wall clock after the credentials were received neither shortens nor extends their lifetime.
package struct CredentialLifetime: Hashable, Sendable {
    /// The time before the expiration in which a refresh is started in the background (botocore,
    /// `_advisory_refresh_timeout`).
    package static let maxAdvisoryWindow: Duration = .seconds(15 * 60)
    /// The time before the expiration in which callers wait briefly for the refresh (botocore,
    /// `_mandatory_refresh_timeout`).
    package static let maxMandatoryWindow: Duration = .seconds(10 * 60)

    package enum Age: Hashable, Sendable {
        case fresh
        /// In the advisory window.
        case advisory
        /// In the mandatory window.
        case mandatory
        case expired
    }

    /// Nil for credentials that do not expire.
    package let expiration: MonotonicTime?
    private let advisoryWindow: Duration
    private let mandatoryWindow: Duration

    /// - Parameters:
    ///   - expiration: by our own wall clock.
    ///   - predecessor: the lifetime of the same credentials when they were received before. Its windows are kept, so
    ///     that credentials received again near their end do not count as short-lived.
    package init(expiration: WallTime?, at now: Now, continuing predecessor: CredentialLifetime? = nil) {
        let remaining = expiration.map { $0 - now.wall }
        self.expiration = remaining.map { now.monotonic + $0 }
        // At most a quarter and a sixth of the lifetime: a role of 15 minutes would never be fresh otherwise.
        advisoryWindow = predecessor?.advisoryWindow ?? min(Self.maxAdvisoryWindow, (remaining ?? .zero) / 4)
        mandatoryWindow = predecessor?.mandatoryWindow ?? min(Self.maxMandatoryWindow, (remaining ?? .zero) / 6)
    }

    package func age(_ now: MonotonicTime) -> Age {
        guard let expiration else { return .fresh }
        let remaining = expiration - now
        if remaining <= .zero { return .expired }
        if remaining <= mandatoryWindow { return .mandatory }
        return remaining <= advisoryWindow ? .advisory : .fresh
    }
}

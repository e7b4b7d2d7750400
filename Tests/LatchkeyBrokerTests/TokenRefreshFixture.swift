import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics

/// What the tests of ``TokenRefresh`` share.
protocol TokenRefreshFixture {}

extension TokenRefreshFixture {
    var start: Now {
        Now(monotonic: MonotonicTime(nanoseconds: 0), wall: WallTime(milliseconds: 1_700_000_000_000))
    }
    var buffer: ExpiryBuffer { ExpiryBuffer.standard }

    /// A refresh that starts at ``start`` and has 10 s.
    func refresh(
        _ need: TokenRefresh.Need = TokenRefresh.Need(.cold), isShared: Bool = true, maxTokenBytes: Int? = nil
    ) -> TokenRefresh {
        TokenRefresh(
            need, limits: TokenRefresh.Limits(maxTokenBytes: maxTokenBytes), buffer: buffer, holder: "me",
            isShared: isShared, now: start,
            deadline: start.monotonic + .seconds(10))
    }

    func at(_ seconds: Double) -> Now {
        Now(monotonic: start.monotonic + .seconds(seconds), wall: start.wall + .seconds(seconds))
    }

    func token(_ text: String = "new", lifetime: Duration = .seconds(3600)) throws -> AccessToken {
        let grant = TokenResponse(value: Secret(text), tokenType: "Bearer", expiresIn: lifetime, scope: nil)
        return try AccessToken(grant, from: .parameterStore, now: start, buffer: buffer)
    }

    /// A lease of another replica.
    func lease(
        after: Int64 = 0, for length: Duration = .seconds(5), purpose: Lease.Purpose = .refresh
    ) -> Lease {
        Lease(holder: "other", until: start.wall + length, after: after, purpose: purpose)
    }
}

/// The kind of a step, for comparisons.
enum StepKind: Sendable {
    case read, pause, claim, issue
    /// The refresh is done, with or without a token.
    case token, failed
}

extension TokenRefresh.Step {
    var kind: StepKind {
        switch self {
        case .read: .read
        case .pause: .pause
        case .claim: .claim
        case .issue: .issue
        case .done(let outcome): outcome.token == nil ? .failed : .token
        }
    }
}

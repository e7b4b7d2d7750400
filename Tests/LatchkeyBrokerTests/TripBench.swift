import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics

/// What tests of a trip share: a clock that stands where the test puts it, and words for steps.
protocol TripBench {}

extension TripBench {
    var start: Now {
        Now(monotonic: MonotonicTime(nanoseconds: 0), wall: WallTime(milliseconds: 1_700_000_000_000))
    }
    var buffer: ExpiryBuffer { ExpiryBuffer() }

    func trip(
        _ need: TokenRefresh.Need = TokenRefresh.Need(.cold), isShared: Bool = true, longestToken: Int? = nil
    ) -> TokenRefresh {
        TokenRefresh(
            need, limits: TokenRefresh.Limits(longestToken: longestToken), buffer: buffer, holder: "me",
            isShared: isShared, now: start,
            deadline: start.monotonic + .seconds(10))
    }

    func at(_ seconds: Double) -> Now {
        Now(monotonic: start.monotonic + .seconds(seconds), wall: start.wall + .seconds(seconds))
    }

    func token(_ text: String = "new", lifetime: Duration = .seconds(3600)) throws -> AccessToken {
        let grant = IssuedGrant(value: Secret(text), tokenType: "Bearer", expiresIn: lifetime, scope: nil)
        return try AccessToken(grant, from: .parameterStore, now: start, buffer: buffer)
    }

    func lease(
        after: Int64 = 0, for length: Duration = .seconds(5), purpose: Lease.Purpose = .refresh
    ) -> Lease {
        Lease(holder: "other", until: start.wall + length, after: after, purpose: purpose)
    }

    /// What a step is, in a word.
    func word(_ step: TokenRefresh.Step) -> String {
        switch step {
        case .read: "read"
        case .pause: "pause"
        case .claim: "claim"
        case .issue: "issue"
        case .done(let outcome): outcome.token == nil ? "failed" : "token"
        }
    }
}

import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

/// A broker whose profiles change, with an issuer for each definition.
struct ProfileBench {
    let bench: TokenBench
    var broker: TokenBroker { bench.broker }

    init(isShared: Bool = false) { bench = TokenBench(isShared: isShared, places: 6) }

    /// A profile whose issuer gives tokens of this definition, counted from 1: `orders-1`.
    func profile(
        _ name: String, _ definition: String?, revision: Int = 0, _ issuer: BrokerScript<IssuedGrant>
    ) -> TokenProfile {
        let tier = IssuerTier(tier: .auth0) { profile, _, _ throws(UpstreamFault) in try await issuer.answer(profile) }
        return TokenProfile(name: name, issuer: tier, definition: definition, revision: revision)
    }

    /// The same with an issuer that always gives one token.
    func profile(_ name: String, _ definition: String?, revision: Int = 0, gives token: String) -> TokenProfile {
        profile(name, definition, revision: revision, BrokerScript(.success(bench.opaque(token))))
    }

    /// The text of the token that a caller gets by name.
    func token(_ name: String) async throws -> String {
        let id = try #require(broker.profile(named: name))
        return try await broker.token(id, deadline: bench.deadline).entry.token.value.revealText() ?? ""
    }

    func cached(_ name: String) -> String? {
        broker.profile(named: name).flatMap { broker.cached($0, now: bench.now) }?.entry.token.value.revealText()
    }
}

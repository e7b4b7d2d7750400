import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

/// A token broker whose profiles change, with an issuer for each definition.
struct ProfileFixture {
    let fixture: TokenFixture
    var broker: TokenBroker { fixture.broker }

    init(isShared: Bool = false) { fixture = TokenFixture(isShared: isShared, slots: 6) }

    /// A profile with this definition and issuer.
    func profile(
        _ name: String, _ definition: String?, revision: Int = 0, _ issuer: BrokerScript<TokenResponse>
    ) -> TokenProfile {
        let tier = IssuerTier(tier: .auth0) { profile, _, _ throws(UpstreamFault) in try await issuer.answer(profile) }
        return TokenProfile(name: name, issuer: tier, definition: definition, revision: revision)
    }

    /// A profile whose issuer always returns the same token.
    func profile(_ name: String, _ definition: String?, revision: Int = 0, issuing token: String) -> TokenProfile {
        profile(name, definition, revision: revision, BrokerScript(.success(fixture.opaque(token))))
    }

    /// The token that a caller of the named profile gets.
    func token(_ name: String) async throws -> String {
        let id = try #require(broker.profile(named: name))
        return try await broker.token(id, deadline: fixture.deadline).entry.token.value.revealText() ?? ""
    }

    func cached(_ name: String) -> String? {
        broker.profile(named: name).flatMap { broker.cached($0, now: fixture.now) }?.entry.token.value.revealText()
    }
}

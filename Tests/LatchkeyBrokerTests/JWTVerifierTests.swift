import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@testable import LatchkeyBroker

/// The tokens of `Tests/Fixtures/jwt/tokens.json`. PyJWT and cryptography have made them (`make_tokens.py`).
@Suite struct JWTVerifierTests {
    private let data: JSON
    private let now: WallTime
    private let sets: [IssuerKeySet]

    init() throws {
        data = try Fixture.json("jwt/tokens.json")
        now = WallTime(seconds: try #require(data["now"]?.integer))
        sets = try #require(data["issuers"]?.array).map { entry in
            let identity: JWTIssuer.Identity =
                if let issuer = entry["issuer"]?.string {
                    .issuer(ExactText(issuer))
                } else {
                    .trustDomain(ExactText(try #require(entry["trust_domain"]?.string)))
                }
            let issuer = JWTIssuer(
                identity, keys: .file("/jwks.json"), audience: ExactText(try #require(entry["audience"]?.string)))
            return IssuerKeySet(issuer, keys: try JSONWebKeySet(try #require(entry["jwks"]).bytes()))
        }
    }

    private func cases(_ name: String) throws -> [(name: String, token: String, expected: String)] {
        try #require(data[name]?.array).map { entry in
            (
                try #require(entry["name"]?.string), try #require(entry["token"]?.string),
                try #require((entry["sub"] ?? entry["reason"])?.string)
            )
        }
    }

    private func token(_ name: String) throws -> String {
        try #require((try cases("valid") + cases("forged")).first { $0.name == name }).token
    }

    private func verdict(_ token: String, _ verifier: JWTVerifier, at time: WallTime? = nil) -> JWTVerdict {
        Array(token.utf8).withUnsafeBytes { verifier.verify($0, at: time ?? now) }
    }

    @Test func `Every valid token is accepted with its subject, also the second time`() throws {
        let verifier = JWTVerifier(sets)
        for _ in 0..<2 {
            for (name, token, subject) in try cases("valid") {
                guard case .verified(let found) = verdict(token, verifier) else {
                    Issue.record("\(name): \(verdict(token, verifier))")
                    continue
                }
                #expect(found.subject == ExactText(subject), "\(name)")
            }
        }
    }

    @Test func `Every forged or odd token is refused for its reason, also the second time`() throws {
        let verifier = JWTVerifier(sets)
        let all = try cases("forged")
        #expect(all.count >= 100)
        for _ in 0..<2 {
            for (name, token, reason) in all {
                #expect(verdict(token, verifier).rejection?.rawValue == reason, "\(name)")
            }
        }
        // The key set that was not read is tested below.
        let reasons = Set(all.map(\.expected))
        #expect(reasons == Set(JWTRejection.allCases.map(\.rawValue)).subtracting([JWTRejection.keysUnread.rawValue]))
    }

    @Test func `A token with one changed character is never accepted`() throws {
        let verifier = JWTVerifier(sets)
        for name in ["RS256", "ES256", "EdDSA"] {
            let token = Array(try token(name).utf8)
            for index in token.indices {
                var changed = token
                changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
                let isAccepted = verdict(String(decoding: changed, as: UTF8.self), verifier).rejection == nil
                #expect(!isAccepted, "\(name), byte \(index)")
            }
        }
    }

    @Test func `Only a missing key asks for another reading, and names the issuer`() throws {
        let verifier = JWTVerifier(sets)
        guard case .keyMissing(let issuer, .keyUnknown) = verdict(try token("an unknown kid"), verifier) else {
            Issue.record("the key is not missing")
            return
        }
        #expect(issuer == sets[0].issuer)
        #expect(verdict(try token("a stranger's signature"), verifier) == .rejected(.signature))
        let unread = JWTVerifier(sets.map { IssuerKeySet($0.issuer, keys: nil) })
        #expect(verdict(try token("ES256"), unread) == .keyMissing(sets[0].issuer, .keysUnread))
        #expect(verdict(try token("another issuer"), unread) == .rejected(.issuer))
    }

    @Test func `A remembered token expires at its time, and is valid only from its time on`() throws {
        let verifier = JWTVerifier(sets)
        let token = try token("ES256")
        #expect(verdict(token, verifier).rejection == nil)
        #expect(verdict(token, verifier, at: now + .seconds(659)).rejection == nil)
        #expect(verdict(token, verifier, at: now + .seconds(660)) == .rejected(.expired))
        // A clock that is set back makes it valid again.
        #expect(verdict(token, verifier).rejection == nil)
        let later = try self.token("not yet valid")
        #expect(verdict(later, verifier) == .rejected(.notYetValid))
        #expect(verdict(later, verifier, at: now + .seconds(1)).rejection == nil)
    }

    @Test func `A worker follows a change of the key sets at its next use`() throws {
        let live = LiveKeySets()
        var copy = LiveKeySets.Copy(live)
        let token = Array(try token("RS256").utf8)
        func verdict() -> JWTVerdict { token.withUnsafeBytes { copy.verify($0, at: now) } }
        #expect(verdict() == .rejected(.issuer))
        live.replace(with: sets)
        #expect(verdict().rejection == nil && copy.version == 1)
        live.replace(with: sets)
        #expect(copy.latestVersion == 1)
        // The verified token is not remembered beyond its key.
        var rotated = sets
        rotated[0].keys = sets[1].keys
        live.replace(with: rotated)
        #expect(verdict() == .keyMissing(sets[0].issuer, .keyUnknown))
        live.replace(with: [])
        #expect(verdict() == .rejected(.issuer))
    }

    @Test func `A verified token is trusted as long as its issuer has its key and its audience`() throws {
        let live = LiveKeySets()
        guard case .verified(let token) = verdict(try token("RS256"), JWTVerifier(sets)) else {
            Issue.record("the token is not accepted")
            return
        }
        #expect(!live.trust(token))
        live.replace(with: sets)
        #expect(live.trust(token))
        var others = sets
        others[0].keys = sets[1].keys
        live.replace(with: others)
        #expect(!live.trust(token))
        let issuer = JWTIssuer(sets[0].issuer.identity, keys: sets[0].issuer.keys, audience: "another")
        live.replace(with: [IssuerKeySet(issuer, keys: sets[0].keys)])
        #expect(!live.trust(token))
        live.replace(with: [IssuerKeySet(sets[0].issuer, keys: nil)])
        #expect(!live.trust(token))
    }

    @Test func `Who observes the key sets learns of a change when it is announced`() throws {
        let (live, calls) = (LiveKeySets(), Inbox<Int>())
        live.whenChanged { calls.put(1) }
        let change = live.replace(with: sets)
        #expect(change && calls.count == 0)
        live.announceChange()
        #expect(calls.count == 1)
        let again = live.replace(with: sets)
        #expect(!again)
    }
}

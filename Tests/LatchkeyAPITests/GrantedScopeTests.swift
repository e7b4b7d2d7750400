import LatchkeyAPI
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@Suite("The scope of a cached token") struct GrantedScopeTests {
    private static func token(_ claims: JSON) -> Secret {
        Secret("e30." + Base64.encodeURL(claims.bytes()) + ".c2ln")
    }

    @Test(arguments: [
        ([], true), (["read:a"], true), (["write:b", "read:a"], true), (["read:b"], false),
        (["read:a", "admin"], false), (["READ:A"], false),
    ])
    func `The issuer's scope decides`(wanted: [String], isIncluded: Bool) {
        let issuerScope = GrantedScope(issuerScope: "read:a write:b", token: Self.token(["scope": "admin"]))
        #expect(issuerScope.includes(wanted) == isIncluded)
    }

    @Test(
        arguments: [["scope": "read:a write:b"], ["scp": ["read:a", "write:b"]], ["scp": "read:a write:b"]] as [JSON])
    func `Without it the token's claims decide`(claims: JSON) {
        let scope = GrantedScope(issuerScope: nil, token: Self.token(claims))
        #expect(scope.includes(["read:a"]) && scope.includes(["write:b"]) && !scope.includes(["admin"]))
    }

    @Test(arguments: ["opaque", "a.b", "a.b.c", "e30.e30.c2ln"])
    func `An unknown scope refuses nobody`(token: String) {
        #expect(GrantedScope(issuerScope: nil, token: Secret(token)).includes(["anything"]))
    }

    @Test func `An issuer that grants an empty scope grants none`() {
        #expect(!GrantedScope(issuerScope: "", token: Secret("opaque")).includes(["read:a"]))
    }
}

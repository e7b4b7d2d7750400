import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAWS

@Suite struct SignatureVerificationTests {
    @Test func `Every request that botocore signed is accepted`() throws {
        let requests = try SignedRequest.all()
        #expect(requests.count >= 100)
        for signed in requests { #expect(signed.error() == nil, "\(signed.request.target)") }
    }

    @Test func `Temporary credentials are rejected`() throws {
        let vectors = try #require(try Fixture.json("aws/sigv4.json").array).filter { $0["token"]?.string != nil }
        #expect(vectors.count >= 100)
        for vector in vectors { #expect(try SignedRequest(vector).error() == "UnrecognizedClientException") }
    }

    /// Each byte is changed by another bit or another case, or is removed (0).
    @Test(arguments: [1, 0x20, 0] as [UInt8])
    func `A request with any one byte changed is rejected`(bits: UInt8) throws {
        let original = try SignedRequest.full()
        func changed(_ text: some Collection<UInt8>, _ index: Int) -> [UInt8] {
            var bytes = Array(text)
            if bits == 0 { bytes.remove(at: index) } else { bytes[index] ^= bits }
            return bytes
        }
        func text(_ text: String, _ index: Int) -> String { String(decoding: changed(text.utf8, index), as: UTF8.self) }
        var count = 0
        func expectRejection(_ change: (inout HTTPRequest) -> Void, _ name: String) {
            var signed = original
            change(&signed.request)
            count += 1
            #expect(signed.error() != nil, "\(name)")
        }
        for name in ["Authorization", "Host", "X-Amz-Date", "X-Amz-Target"] {
            let value = try #require(original.request.fields[name])
            for index in 0..<value.utf8.count {
                // The spaces between parameters may be removed.
                let isBlank = name == "Authorization" && value.utf8.dropFirst(index).first == 0x20
                if bits == 0, isBlank, index > 20 { continue }
                expectRejection({ $0.fields[name] = text(value, index) }, "\(name) at \(index)")
            }
        }
        for index in 0..<original.request.body.count {
            expectRejection({ $0.body = changed($0.body, index) }, "body at \(index)")
        }
        for index in 1..<original.request.target.utf8.count {
            expectRejection({ $0.target = text($0.target, index) }, "target at \(index)")
        }
        for index in 0..<original.request.method.utf8.count where bits != 0x20 {
            expectRejection({ $0.method = text($0.method, index) }, "method at \(index)")
        }
        #expect(count > 200)
    }

    @Test func `A signature is valid only for its own path and query`() throws {
        var signed = try SignedRequest.full()
        signed.request.target = "/"
        #expect(signed.error() == "InvalidSignatureException")
    }

    @Test func `Another secret or service makes the signature invalid`() throws {
        let signed = try SignedRequest.full()
        #expect(signed.error(secrets: [Secret("another")]) == "InvalidSignatureException")
        #expect(signed.error(service: "sqs") == "InvalidSignatureException")
    }

    @Test func `During a key rotation both secrets are accepted`() throws {
        let signed = try SignedRequest.full()
        #expect(signed.error(secrets: [Secret("new"), signed.secret]) == nil)
        #expect(signed.error(secrets: [signed.secret, Secret("old")]) == nil)
    }

    @Test func `Signing keys are remembered for their secret and scope, and only of signatures that fit`() throws {
        let keys = SigningKeys()
        var signed = try SignedRequest.full()
        let another = Secret("another")
        for _ in 0..<3 {
            #expect(signed.error(secrets: [another], keys: keys) == "InvalidSignatureException")
            #expect(keys.count == 0)
        }
        for _ in 0..<3 {
            #expect(signed.error(secrets: [another, signed.secret], keys: keys) == nil)
            #expect(keys.count == 1)
        }
        // The remembered key is not used for another secret, and a changed request does not fit it.
        #expect(signed.error(secrets: [another], keys: keys) == "InvalidSignatureException")
        signed.request.body.append(0x20)
        #expect(signed.error(keys: keys) == "InvalidSignatureException")
        keys.removeAll()
        #expect(keys.count == 0)
    }

    @Test func `The oldest signing keys make room for further ones`() throws {
        let keys = SigningKeys()
        let signed = try SignedRequest.full()
        for _ in 0..<(SigningKeys.maxKeys + 10) {
            // A secret of its own each time, as after a reload.
            let secret = Secret(signed.secret.reveal())
            #expect(signed.error(secrets: [secret], keys: keys) == nil)
            #expect(signed.error(secrets: [secret], keys: keys) == nil)
        }
        #expect(keys.count == SigningKeys.maxKeys)
        // The newest are all remembered: one more use of each adds none, and derives none.
        let fresh = SigningKeys()
        let secrets = (0...SigningKeys.maxKeys).map { _ in Secret(signed.secret.reveal()) }
        for secret in secrets { #expect(signed.error(secrets: [secret], keys: fresh) == nil) }
        let scope = try #require(
            signed.request.fields["Authorization"]?.split(separator: "=")[1].split(separator: ",").first)
        let text = Array(scope.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst())
        let known = secrets.map { secret in text.withUnsafeBytes { fresh.key(secret, scope: $0) != nil } }
        #expect(known == [false] + Array(repeating: true, count: SigningKeys.maxKeys))
    }

    @Test func `A signing key is used for its own scope alone`() throws {
        let (keys, secret) = (SigningKeys(), Secret("secret"))
        for _ in 0..<2 {
            for region in ["eu-west-1", "us-east-1"] {
                #expect(OwnSignature(region: region).error(secret, keys) == nil)
            }
        }
        #expect(keys.count == 2)
        // The scopes of a caller do not fill the memory.
        let long = OwnSignature(region: String(repeating: "a", count: SigningKeys.maxScopeBytes))
        #expect(long.error(secret, keys) == nil)
        #expect(keys.count == 2)
    }

    @Test func `The names of the signed fields must be those of the request, in lower case and in order`() {
        #expect(OwnSignature(list: "host;x-a;x-amz-date").error() == nil)
        for list in [
            ";host;x-a;x-amz-date", "host;x-a;x-amz-date;", "host;;x-amz-date", "host;host;x-amz-date",
            "x-a;host;x-amz-date", "Host;x-a;x-amz-date", "host;x-amz-date;x-missing", "host;x-amz-date;x-a",
        ] {
            #expect(OwnSignature(list: list).error() == "InvalidSignatureException", "\(list)")
        }
        for list in ["", ";", "x-a;x-amz-date", "host;x-a"] {
            #expect(OwnSignature(list: list).error() != nil, "\(list)")
        }
    }

    @Test func `A signed hash of the body must be that of the body`() {
        let right = SHA256.hash(Array("body".utf8)).hex
        let wrong = SHA256.hash(Array("bodx".utf8)).hex
        #expect(OwnSignature(hashes: [right]).error() == nil)
        #expect(OwnSignature(hashes: [right, right]).error() == nil)
        for hashes in [
            [wrong], [right, wrong], [wrong, right], ["UNSIGNED-PAYLOAD"], [right.uppercased()], [""], [right + "0"],
        ] {
            #expect(OwnSignature(hashes: hashes).error() == "InvalidSignatureException", "\(hashes)")
        }
    }

    @Test func `Blanks within a signed value count as one space`() {
        var signature = OwnSignature()
        signature.values["x-a"] = ("one \t  two", "one two")
        #expect(signature.error() == nil)
    }

    @Test func `A key id without a secret is an unknown client`() throws {
        let signed = try SignedRequest.full()
        #expect(signed.error(secrets: []) == "UnrecognizedClientException")
    }

    // IAM User Guide, "Troubleshoot AWS signature version 4 errors": five minutes either way.
    @Test(arguments: [(0, true), (-300, true), (300, true), (-301, false), (301, false), (86_400, false)])
    func `Clocks may differ by five minutes`(seconds: Int, isAccepted: Bool) throws {
        let signed = try SignedRequest.full()
        let error = signed.error(at: signed.now + .seconds(seconds))
        #expect(error == (isAccepted ? nil : "InvalidSignatureException"))
    }

    @Test func `An X-Amz field that the signature does not cover is rejected`() throws {
        var signed = try SignedRequest.full()
        signed.request.fields.append("X-Amz-Something", "else")
        #expect(signed.error() == "InvalidSignatureException")
    }

    @Test func `The stated hash of the body must be correct`() throws {
        var signed = try SignedRequest.full()
        signed.request.fields.append("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
        #expect(signed.error() == "InvalidSignatureException")
    }

    @Test func `A second authorization or date is rejected`() throws {
        for name in ["Authorization", "X-Amz-Date"] {
            var signed = try SignedRequest.full()
            signed.request.fields.append(name, try #require(signed.request.fields[name]))
            #expect(signed.error() == "IncompleteSignatureException")
        }
    }

    @Test(arguments: [
        ("", "MissingAuthenticationTokenException"), ("Bearer x", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=a", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/ssm, SignedHeaders=host, Signature=0", "IncompleteSignatureException"),
        (
            "AWS4-HMAC-SHA256 Credential=a//c/ssm/aws4_request, SignedHeaders=host, Signature=0",
            "IncompleteSignatureException"
        ),
        (String(repeating: "a", count: 5000), "IncompleteSignatureException"),
    ])
    func `A malformed authorization is rejected with AWS's error`(header: String, error: String) throws {
        var signed = try SignedRequest.full()
        signed.request.fields["Authorization"] = header
        #expect(signed.error() == error)
    }

    @Test func `A request without a valid date is rejected`() throws {
        for date in [nil, "2023-11-14", "20231114T2213200", "20231314T221320Z", "20231131T221320Z", "20231114T241320Z"]
        {
            var signed = try SignedRequest.full()
            signed.request.fields["X-Amz-Date"] = date
            #expect(signed.error() == "IncompleteSignatureException")
        }
    }
}

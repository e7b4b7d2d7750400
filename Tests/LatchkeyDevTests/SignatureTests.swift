import LatchkeyAWS
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

/// The signer and the verifier share the canonical request. Test vectors made by botocore check it elsewhere.
@Suite("Signatures at the emulated services") struct SignatureTests {
    private let fixture: DevFixture

    init() throws { fixture = try DevFixture { $0.checksSignatures = true } }

    private func signed(
        service: String = "ssm", keyID: String? = nil, secret: String = "dev-secret-access-key", session: String? = nil,
        at time: WallTime? = nil
    ) -> HTTPRequest {
        var request = DevFixture.request("AmazonSSM.GetParameter", Array(#"{"Name":"/your-app/dev/log-level"}"#.utf8))
        SigV4.sign(
            &request, host: "127.0.0.1:8701",
            scope: SigV4.Scope(date: time ?? fixture.clock.now.wall, region: "us-east-1", service: service),
            credentials: AWSCredentials(
                accessKeyID: keyID ?? fixture.seed.accessKeyID, secretAccessKey: Secret(secret),
                sessionToken: session.map { Secret($0) }))
        request.fields["Host"] = "127.0.0.1:8701"
        return request
    }

    private func verdict(_ request: HTTPRequest) throws -> String {
        let response = fixture.peers.respond(to: request)
        return try JSON(parsing: response.body)["__type"]?.string ?? "\(response.status)"
    }

    private static let prefix = "com.amazon.coral.service#"

    @Test func `A request signed by the AWS client is accepted`() throws {
        #expect(try verdict(signed()) == "200")
    }

    @Test func `A request without a signature is rejected`() throws {
        #expect(
            try verdict(DevFixture.request("AmazonSSM.GetParameter", [])) == Self.prefix
                + "MissingAuthenticationTokenException")
    }

    @Test func `An unknown key and an unknown session token are rejected`() throws {
        #expect(try verdict(signed(keyID: "AKIAOTHER")) == Self.prefix + "UnrecognizedClientException")
        #expect(try verdict(signed(session: "token")) == Self.prefix + "UnrecognizedClientException")
    }

    @Test func `A wrong secret and a signature for another service are rejected`() throws {
        #expect(try verdict(signed(secret: "wrong")) == Self.prefix + "InvalidSignatureException")
        #expect(try verdict(signed(service: "secretsmanager")) == Self.prefix + "InvalidSignatureException")
    }

    @Test func `A body, target, date or host changed after signing is rejected`() throws {
        var body = signed()
        body.body.append(UInt8(ascii: " "))
        var target = signed()
        target.fields["X-Amz-Target"] = "AmazonSSM.DeleteParameter"
        var date = signed()
        date.fields["X-Amz-Date"] = "20231114T221321Z"
        var host = signed()
        host.fields["Host"] = "other"
        for request in [body, target, date, host] {
            #expect(try verdict(request) == Self.prefix + "InvalidSignatureException")
        }
    }

    // IAM User Guide, "Troubleshoot AWS signature version 4 errors": clocks may differ by five minutes.
    @Test(arguments: [(0, true), (-300, true), (300, true), (-301, false), (301, false), (-86_400, false)])
    func `Clocks may differ by five minutes`(seconds: Int, isAccepted: Bool) throws {
        let time = fixture.clock.now.wall + .seconds(seconds)
        #expect(try verdict(signed(at: time)) == (isAccepted ? "200" : Self.prefix + "InvalidSignatureException"))
    }

    @Test(arguments: [
        "Bearer x", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=a", "AWS4-HMAC-SHA256 Signature=,SignedHeaders=",
        "AWS4-HMAC-SHA256 Credential=AKIA/20231114/us-east-1/ssm, SignedHeaders=host, Signature=00",
    ])
    func `A malformed signature is incomplete`(header: String) throws {
        var request = signed()
        request.fields["Authorization"] = header
        #expect(try verdict(request) == Self.prefix + "IncompleteSignatureException")
    }

    @Test func `A request without a date is incomplete`() throws {
        var request = signed()
        request.fields["X-Amz-Date"] = nil
        #expect(try verdict(request) == Self.prefix + "IncompleteSignatureException")
        request.fields["X-Amz-Date"] = "2023-11-14"
        #expect(try verdict(request) == Self.prefix + "IncompleteSignatureException")
    }
}

import LatchkeyAWS
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

/// One request as botocore signed it, and the key it was signed with.
private struct SignedRequest {
    var request: HTTPRequest
    let keyID: String
    let secret: Secret
    let service: String
    let now: WallTime

    /// - Parameter vector: one of `Fixtures/aws/sigv4.json`.
    init(_ vector: JSON) throws {
        var fields = HTTPFields()
        for field in vector["fields"]?.array ?? [] {
            fields.append(field.array?.first?.string ?? "", field.array?.last?.string ?? "")
        }
        now = WallTime(seconds: try #require(vector["seconds"]?.integer))
        fields.append("Host", try #require(vector["host"]?.string))
        fields.append("X-Amz-Date", RFC3339.formatBasic(now))
        if let token = vector["token"]?.string { fields.append("X-Amz-Security-Token", token) }
        fields.append("Authorization", try #require(vector["authorization"]?.string))
        request = HTTPRequest(
            method: try #require(vector["method"]?.string), target: try #require(vector["target"]?.string),
            fields: fields, body: try #require(vector["body"]?.string.flatMap { Hex.decode($0) }))
        keyID = try #require(vector["key"]?.string)
        secret = Secret(try #require(vector["secret"]?.string))
        service = try #require(vector["service"]?.string)
    }

    /// The error's name without its prefix; nil where the request is taken.
    func refusal(secrets: [Secret]? = nil, service: String? = nil, at time: WallTime? = nil) -> String? {
        do throws(AWSFault) {
            let signature = try SignatureVerification(request)
            let known = signature.accessKeyID == keyID ? secrets ?? [secret] : []
            try signature.verify(request, secrets: known, service: service ?? self.service, now: time ?? now)
            return nil
        } catch {
            return error.type.split(separator: "#").last.map { String($0) }
        }
    }

    /// The vectors without temporary credentials, which nobody here gives.
    static func all() throws -> [SignedRequest] {
        try #require(try Fixture.json("aws/sigv4.json").array).filter { $0["token"]?.string == nil }.map {
            try SignedRequest($0)
        }
    }

    /// One whose path, query, body and fields are all there.
    static func full() throws -> SignedRequest {
        try #require(
            try all().first { signed in
                let request = signed.request
                return request.query?.isEmpty == false && request.path.count > 2 && !request.path.contains(".")
                    && !request.path.contains("//") && request.body.count > 10
                    && request.fields.values("X-Amz-Target") == ["AmazonSSM.GetParameter"]
            })
    }
}

@Suite struct `Signatures of requests` {
    @Test func `Every request that botocore signed is taken`() throws {
        let requests = try SignedRequest.all()
        #expect(requests.count >= 100)
        for signed in requests { #expect(signed.refusal() == nil, "\(signed.request.target)") }
    }

    @Test func `Temporary credentials are nobody's`() throws {
        let vectors = try #require(try Fixture.json("aws/sigv4.json").array).filter { $0["token"]?.string != nil }
        #expect(vectors.count >= 100)
        for vector in vectors { #expect(try SignedRequest(vector).refusal() == "UnrecognizedClientException") }
    }

    /// What is done to a byte: another bit, another case, left out.
    @Test(arguments: [1, 0x20, 0] as [UInt8])
    func `A request with any one byte changed is refused`(bits: UInt8) throws {
        let original = try SignedRequest.full()
        func changed(_ text: some Collection<UInt8>, _ place: Int) -> [UInt8] {
            var bytes = Array(text)
            if bits == 0 { bytes.remove(at: place) } else { bytes[place] ^= bits }
            return bytes
        }
        func text(_ text: String, _ place: Int) -> String { String(decoding: changed(text.utf8, place), as: UTF8.self) }
        var count = 0
        func expectRefused(_ change: (inout HTTPRequest) -> Void, _ what: String) {
            var signed = original
            change(&signed.request)
            count += 1
            #expect(signed.refusal() != nil, "\(what)")
        }
        for name in ["Authorization", "Host", "X-Amz-Date", "X-Amz-Target"] {
            let value = try #require(original.request.fields[name])
            for place in 0..<value.utf8.count {
                // One space or several between parameters are the same header.
                let isBlank = name == "Authorization" && value.utf8.dropFirst(place).first == 0x20
                if bits == 0, isBlank, place > 20 { continue }
                expectRefused({ $0.fields[name] = text(value, place) }, "\(name) at \(place)")
            }
        }
        for place in 0..<original.request.body.count {
            expectRefused({ $0.body = changed($0.body, place) }, "body at \(place)")
        }
        for place in 1..<original.request.target.utf8.count {
            expectRefused({ $0.target = text($0.target, place) }, "target at \(place)")
        }
        for place in 0..<original.request.method.utf8.count where bits != 0x20 {
            expectRefused({ $0.method = text($0.method, place) }, "method at \(place)")
        }
        #expect(count > 200)
    }

    @Test func `A signature is good for its own path and query alone`() throws {
        var signed = try SignedRequest.full()
        signed.request.target = "/"
        #expect(signed.refusal() == "InvalidSignatureException")
    }

    @Test func `Another secret or service is an invalid signature`() throws {
        let signed = try SignedRequest.full()
        #expect(signed.refusal(secrets: [Secret("another")]) == "InvalidSignatureException")
        #expect(signed.refusal(service: "sqs") == "InvalidSignatureException")
    }

    @Test func `While a key is changed both secrets are good`() throws {
        let signed = try SignedRequest.full()
        #expect(signed.refusal(secrets: [Secret("new"), signed.secret]) == nil)
        #expect(signed.refusal(secrets: [signed.secret, Secret("old")]) == nil)
    }

    @Test func `A key id that has no secret is an unknown client`() throws {
        let signed = try SignedRequest.full()
        #expect(signed.refusal(secrets: []) == "UnrecognizedClientException")
    }

    // IAM User Guide, "Troubleshoot AWS signature version 4 errors": five minutes either way.
    @Test(arguments: [(0, true), (-300, true), (300, true), (-301, false), (301, false), (86_400, false)])
    func `Clocks may be five minutes apart`(seconds: Int, isTaken: Bool) throws {
        let signed = try SignedRequest.full()
        let refusal = signed.refusal(at: signed.now + .seconds(seconds))
        #expect(refusal == (isTaken ? nil : "InvalidSignatureException"))
    }

    @Test func `A field of AWS's that no signature covers is refused`() throws {
        var signed = try SignedRequest.full()
        signed.request.fields.append("X-Amz-Something", "else")
        #expect(signed.refusal() == "InvalidSignatureException")
    }

    @Test func `A body's claimed hash must be the body's`() throws {
        var signed = try SignedRequest.full()
        signed.request.fields.append("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
        #expect(signed.refusal() == "InvalidSignatureException")
    }

    @Test func `A second authorization or date counts for nothing`() throws {
        for name in ["Authorization", "X-Amz-Date"] {
            var signed = try SignedRequest.full()
            signed.request.fields.append(name, try #require(signed.request.fields[name]))
            #expect(signed.refusal() == "IncompleteSignatureException")
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
    func `What is no signature is told so`(header: String, error: String) throws {
        var signed = try SignedRequest.full()
        signed.request.fields["Authorization"] = header
        #expect(signed.refusal() == error)
    }

    @Test func `A request without a date is incomplete`() throws {
        for date in [nil, "2023-11-14", "20231114T2213200"] {
            var signed = try SignedRequest.full()
            signed.request.fields["X-Amz-Date"] = date
            #expect(signed.refusal() == "IncompleteSignatureException")
        }
    }
}

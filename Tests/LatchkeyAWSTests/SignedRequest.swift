import LatchkeyAWS
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

/// A request that botocore signed, and its key.
struct SignedRequest {
    var request: HTTPRequest
    let keyID: String
    let secret: Secret
    let service: String
    let now: WallTime

    /// - Parameter vector: an entry of `Fixtures/aws/sigv4.json`.
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

    /// The name of the verification's error without its prefix; nil if the request is accepted.
    func error(
        secrets: [Secret]? = nil, keys: SigningKeys = SigningKeys(), service: String? = nil, at time: WallTime? = nil
    ) -> String? {
        do throws(AWSProtocolError) {
            try SignableRequest.withParts(of: request) { parts throws(AWSProtocolError) in
                let signature = try SignatureVerification(parts)
                let known = signature.accessKeyID == keyID ? secrets ?? [secret] : []
                let now = time ?? now
                try signature.checkHead(
                    parts, isKnown: !known.isEmpty, service: service ?? self.service, now: now)
                try signature.verify(parts, secrets: known, keys: keys, now: now)
            }
            return nil
        } catch {
            return error.type.split(separator: "#").last.map { String($0) }
        }
    }

    /// The vectors without temporary credentials, which Latchkey does not support.
    static func all() throws -> [SignedRequest] {
        try #require(try Fixture.json("aws/sigv4.json").array).filter { $0["token"]?.string == nil }.map {
            try SignedRequest($0)
        }
    }

    /// A vector with a path, query, body and fields.
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

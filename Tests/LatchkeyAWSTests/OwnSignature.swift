import LatchkeyAWS
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP

/// A request that the test itself signs, from the text of its canonical form: also in forms that no client makes.
struct OwnSignature {
    var region = "eu-west-1"
    /// `SignedHeaders`.
    var list: String
    /// The values of `X-Amz-Content-Sha256`.
    var hashes: [String] = []
    /// Of each further field the value as sent, and as it is signed.
    var values: [String: (sent: String, signed: String)] = ["x-a": ("1", "1")]

    private static let time = WallTime(seconds: 1_700_000_000)
    private static let (day, timestamp) = ("20231114", "20231114T221320Z")

    init(region: String = "eu-west-1", list: String = "host;x-a;x-amz-date") {
        (self.region, self.list) = (region, list)
    }

    init(hashes: [String]) {
        self.init(list: "host;x-a;x-amz-content-sha256;x-amz-date")
        self.hashes = hashes
    }

    /// The name of the verification's error without its prefix; nil if the request is accepted.
    func error(_ secret: Secret = Secret("secret"), _ keys: SigningKeys = SigningKeys()) -> String? {
        var request = HTTPRequest(
            method: "POST", target: "/", fields: ["Host": "h", "X-Amz-Date": Self.timestamp], body: Array("body".utf8))
        for (name, value) in values { request.fields.append(name, value.sent) }
        for hash in hashes { request.fields.append("X-Amz-Content-Sha256", hash) }
        let signed = [
            "host": "h", "x-amz-date": Self.timestamp, "x-amz-content-sha256": hashes.joined(separator: ","),
        ].merging(values.mapValues(\.signed)) { $1 }
        let names = list.split(separator: ";", omittingEmptySubsequences: false).map { String($0) }
        let lines = names.map { "\($0):\(signed[$0.lowercased()] ?? "")\n" }.joined()
        let payload = hashes.first ?? SHA256.hash(request.body).hex
        let canonical = "POST\n/\n\n\(lines)\n\(list)\n\(payload)"
        let scope = "\(Self.day)/\(region)/ssm/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(Self.timestamp)\n\(scope)\n\(SHA256.hash(canonical).hex)"
        let key = scope.split(separator: "/").reduce(Array("AWS4secret".utf8)) {
            HMACSHA256.authenticate(Array($1.utf8), key: $0).bytes
        }
        let signature = HMACSHA256.authenticate(Array(text.utf8), key: key).hex
        request.fields.append(
            "Authorization", "AWS4-HMAC-SHA256 Credential=id/\(scope), SignedHeaders=\(list), Signature=\(signature)")
        return Self.error(of: request, secret, keys)
    }

    private static func error(of request: HTTPRequest, _ secret: Secret, _ keys: SigningKeys) -> String? {
        do throws(AWSProtocolError) {
            try SignableRequest.withParts(of: request) { parts throws(AWSProtocolError) in
                let signature = try SignatureVerification(parts)
                try signature.checkHead(parts, isKnown: true, service: "ssm", now: time)
                try signature.verify(parts, secrets: [secret], keys: keys, now: time)
            }
            return nil
        } catch {
            return error.type.split(separator: "#").last.map { String($0) }
        }
    }
}

internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// Checks Signature Version 4 as AWS does (IAM User Guide, "Create a signed AWS API request"), for one access key.
///
/// Written apart from the signer of the AWS client on purpose: two readings of the same document check each other.
struct SignatureCheck {
    let accessKeyID: String
    let secretAccessKey: Secret
    var acceptsForeignKeys = false

    /// How far a request's time may be from ours, either way.
    static let longestSkew: Duration = .seconds(300)

    private static let algorithm = "AWS4-HMAC-SHA256"

    /// Throws the error AWS gives for a request that is not signed for `service` by this key now.
    func verify(_ request: HTTPRequest, service: String, now: WallTime) throws(AWSFault) {
        guard let header = request.fields["Authorization"], !header.isEmpty else {
            throw Self.fault("MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        let parts = try Self.authorization(header)
        if acceptsForeignKeys, parts.accessKeyID != accessKeyID { return }
        guard parts.accessKeyID == accessKeyID, request.fields["X-Amz-Security-Token"] == nil else {
            throw Self.fault("UnrecognizedClientException", "The security token included in the request is invalid.")
        }
        guard let date = request.fields["X-Amz-Date"], Self.isBasicTime(date) else {
            throw Self.incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        }
        try check(parts, date: date, service: service)
        try Self.checkSkew(date, now)
        let hash = SHA256.hash(request.body).hex
        if let claimed = request.fields["X-Amz-Content-Sha256"], claimed != hash { throw Self.mismatch }
        let canonical = try Self.canonical(request, signed: parts.signedHeaders, bodyHash: hash)
        let scope = "\(parts.date)/\(parts.region)/\(parts.service)/aws4_request"
        let text = "\(Self.algorithm)\n\(date)\n\(scope)\n\(SHA256.hash(canonical).hex)"
        let wanted = HMACSHA256.authenticate(Array(text.utf8), key: signingKey(parts))
        guard let given = Digest(hex: parts.signature), wanted.constantTimeEquals(given) else { throw Self.mismatch }
    }

    // MARK: The header

    private struct Parts {
        var accessKeyID: String
        var date: String
        var region: String
        var service: String
        var signedHeaders: [String]
        var signature: String
    }

    private static func authorization(_ header: String) throws(AWSFault) -> Parts {
        guard header.hasPrefix("\(algorithm) ") else {
            throw incomplete("Authorization header requires 'Credential' parameter.")
        }
        var values: [String: String] = [:]
        for piece in header.dropFirst(algorithm.count + 1).split(separator: ",") {
            let half = piece.split(separator: "=", maxSplits: 1)
            if half.count == 2 { values[half[0].filter { $0 != " " }] = String(half[1]) }
        }
        for name in ["Credential", "Signature", "SignedHeaders"] where values[name] == nil {
            throw incomplete("Authorization header requires '\(name)' parameter.")
        }
        let scope = values["Credential", default: ""].split(separator: "/").map(String.init)
        guard scope.count == 5, scope[4] == "aws4_request" else {
            throw incomplete("Credential must have exactly 5 slash-delimited elements, the last being 'aws4_request'.")
        }
        return Parts(
            accessKeyID: scope[0], date: scope[1], region: scope[2], service: scope[3],
            signedHeaders: values["SignedHeaders", default: ""].split(separator: ";").map(String.init),
            signature: values["Signature", default: ""])
    }

    private func check(_ parts: Parts, date: String, service: String) throws(AWSFault) {
        guard parts.service == service else {
            throw Self.fault(
                "InvalidSignatureException", "Credential should be scoped to correct service: '\(service)'.")
        }
        guard date.hasPrefix(parts.date) else {
            throw Self.fault(
                "InvalidSignatureException",
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date.")
        }
        // The host and every x-amz- header must be signed, or a copied request could be turned into another.
        for name in ["host", "x-amz-date", "x-amz-target"] where !parts.signedHeaders.contains(name) {
            throw Self.fault("InvalidSignatureException", "'\(name)' must be a signed header in the AWS Authorization.")
        }
    }

    // MARK: The signature

    /// Method, path, query, headers, names of the headers, hash of the body, a line each. Only `POST /` without a
    /// query comes here, so path and query are as they stand.
    private static func canonical(
        _ request: HTTPRequest, signed: [String], bodyHash: String
    ) throws(AWSFault) -> String {
        var headers = ""
        for name in signed {
            let values = request.fields.values(name)
            guard !values.isEmpty else { throw mismatch }
            let folded = values.map { $0.split(separator: " ").joined(separator: " ") }.joined(separator: ",")
            headers += "\(name.lowercased()):\(folded)\n"
        }
        return [
            request.method, String(request.path), String(request.query ?? ""), headers, signed.joined(separator: ";"),
            bodyHash,
        ].joined(separator: "\n")
    }

    private func signingKey(_ parts: Parts) -> [UInt8] {
        [parts.date, parts.region, parts.service, "aws4_request"].reduce(Array("AWS4".utf8) + secretAccessKey.reveal())
        {
            HMACSHA256.authenticate(Array($1.utf8), key: $0).bytes
        }
    }

    // MARK: Time

    /// The basic form of RFC 3339 sorts as text in the order of time, so the dates are compared as they stand.
    private static func checkSkew(_ date: String, _ now: WallTime) throws(AWSFault) {
        let here = RFC3339.formatBasic(now)
        let oldest = RFC3339.formatBasic(now + .seconds(-longestSkew.components.seconds))
        let newest = RFC3339.formatBasic(now + longestSkew)
        if date < oldest {
            throw fault(
                "InvalidSignatureException",
                "Signature expired: \(date) is now earlier than \(oldest) (\(here) - 5 min.)")
        }
        if date > newest {
            throw fault(
                "InvalidSignatureException",
                "Signature not yet current: \(date) is still later than \(newest) (\(here) + 5 min.)")
        }
    }

    /// Whether `text` has the form `20261123T125540Z`.
    private static func isBasicTime(_ text: String) -> Bool {
        text.utf8.count == 16
            && text.utf8.enumerated().allSatisfy { place, byte in
                switch place {
                case 8: byte == UInt8(ascii: "T")
                case 15: byte == UInt8(ascii: "Z")
                default: Grammar.isDigit(byte)
                }
            }
    }

    // MARK: Errors

    private static let mismatch = fault(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
            + "and signing method. Consult the service documentation for details.")

    private static func incomplete(_ message: String) -> AWSFault { fault("IncompleteSignatureException", message) }

    /// Errors of the common layer carry its name before a `#`, which clients must strip.
    private static func fault(_ type: String, _ message: String) -> AWSFault {
        AWSFault("com.amazon.coral.service#\(type)", message)
    }
}

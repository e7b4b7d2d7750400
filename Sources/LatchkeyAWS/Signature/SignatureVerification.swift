package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyHTTP

/// The verification of a signed request (AWS Signature Version 4, IAM User Guide, "Create a signed AWS API request").
/// Pure: keys and time are parameters.
///
/// First the signature is parsed, then the caller looks up the secret for ``accessKeyID``, then the request is
/// verified. Errors have AWS's names and texts, and hold nothing of the expected signature.
package struct SignatureVerification: Sendable {
    /// The most minutes between a request's time and ours, in either direction.
    private static let maxSkewMinutes = 5
    private static let maxSkew: Duration = .seconds(60 * maxSkewMinutes)
    /// The most bytes of the `Authorization` field, ten times what SDKs send.
    private static let maxHeaderBytes = 4096

    /// The id of the key that the request is signed with.
    package let accessKeyID: String
    private let scopeDate: Substring
    private let scope: SigV4.Scope
    /// `SignedHeaders` as given. The signature fits only if the names are in lower case and sorted.
    private let signedFields: String
    private let signature: String

    /// Parses `Authorization` and `X-Amz-Date`.
    ///
    /// - Throws: `MissingAuthenticationTokenException`, `IncompleteSignatureException`.
    package init(_ request: HTTPRequest) throws(AWSProtocolError) {
        let headers = request.fields.values("Authorization")
        guard let header = headers.first, !header.isEmpty else {
            throw AWSProtocolError(common: "MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        // Only ASCII, because comparing other text can take more time than its length.
        guard headers.count == 1, header.utf8.count <= Self.maxHeaderBytes, header.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw Self.incomplete("Authorization header is given more than once, is too long, or is not ASCII.")
        }
        let values = try Self.parameters(of: header)
        let credential = values["Credential", default: ""].split(separator: "/", omittingEmptySubsequences: false)
        guard credential.count == 5, credential[4] == SigV4.terminator, credential.allSatisfy({ !$0.isEmpty }) else {
            throw Self.incomplete(
                "Credential must have exactly 5 slash-delimited elements, the last being '\(SigV4.terminator)'.")
        }
        let dates = request.fields.values("X-Amz-Date")
        guard dates.count == 1, Self.isBasicTime(dates[0]) else {
            throw Self.incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        }
        accessKeyID = String(credential[0])
        scopeDate = credential[1]
        scope = SigV4.Scope(
            timestamp: dates[0], region: String(credential[2]), service: String(credential[3]))
        signedFields = String(values["SignedHeaders", default: ""])
        signature = String(values["Signature", default: ""])
    }

    /// Verifies what does not need the body: key, scope and time.
    ///
    /// - Parameters:
    ///   - isKnown: whether the access key id belongs to a caller.
    ///   - service: the service that the scope must name (`ssm`).
    /// - Throws: `UnrecognizedClientException`, `InvalidSignatureException`.
    package func checkHead(
        _ request: HTTPRequest, isKnown: Bool, service: String, now: WallTime
    ) throws(AWSProtocolError) {
        // Latchkey issues no session tokens.
        guard isKnown, request.fields["X-Amz-Security-Token"] == nil else { throw Self.unknownKey }
        try checkScope(request, service: service)
        try checkTime(now)
    }

    /// Verifies the request and its signature.
    ///
    /// The signature covers method, path, query, `Host`, all `X-Amz-` fields and the body. An intercepted request can
    /// be sent again within five minutes, but not changed.
    ///
    /// - Parameters:
    ///   - request: the request that was parsed.
    ///   - secrets: the secrets of the access key id; two during a rotation. All are tried, also after one has matched.
    ///   - service: the service that the scope must name (`ssm`).
    /// - Throws: `UnrecognizedClientException`, `InvalidSignatureException`.
    package func verify(
        _ request: HTTPRequest, secrets: [Secret], service: String, now: WallTime
    ) throws(AWSProtocolError) {
        try checkHead(request, isKnown: !secrets.isEmpty, service: service, now: now)
        let hashes = request.fields.values("X-Amz-Content-Sha256")
        let hash = hashes.isEmpty ? "" : SHA256.hash(request.body).hex
        guard hashes.allSatisfy({ $0.hasSameBytes(as: hash) }) else { throw Self.mismatch }
        let covered = Set(signedFields.split(separator: ";").map { String($0) })
        let canonical = CanonicalRequest(request, host: request.fields["Host"] ?? "", covering: covered)
        guard canonical.signedFields == signedFields else { throw Self.mismatch }
        var isSigned = false
        if let given = Digest(hex: signature), given.hex == signature {
            for secret in secrets {
                let expected = SigV4.signature(of: canonical, scope: scope, secretAccessKey: secret)
                if expected.constantTimeEquals(given) { isSigned = true }
            }
        }
        guard isSigned else { throw Self.mismatch }
    }

    /// The service in the scope of the signature.
    package var service: String { scope.service }

    // MARK: Scope and time

    private func checkScope(_ request: HTTPRequest, service: String) throws(AWSProtocolError) {
        guard scope.service == service else {
            throw Self.invalid("Credential should be scoped to correct service: '\(service)'.")
        }
        guard scopeDate == scope.date else {
            throw Self.invalid(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                    + "'\(Self.shown(scopeDate))' != '\(scope.date)', from '\(scope.timestamp)'.")
        }
        let covered = signedFields.split(separator: ";")
        guard covered.contains("host") else {
            throw Self.invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
        }
        for line in request.fields.lines {
            let name = line.name.lowercased()
            guard !name.hasPrefix("x-amz-") || covered.contains(Substring(name)) else {
                throw Self.invalid("'\(name)' must be a 'SignedHeader' in the AWS Authorization.")
            }
        }
    }

    /// Compares the times as text, because the basic format sorts in the order of time.
    private func checkTime(_ now: WallTime) throws(AWSProtocolError) {
        let here = RFC3339.formatBasic(now)
        let oldest = RFC3339.formatBasic(now + (Duration.zero - Self.maxSkew))
        let newest = RFC3339.formatBasic(now + Self.maxSkew)
        let date = scope.timestamp
        let skew = "\(Self.maxSkewMinutes) min."
        if date < oldest {
            throw Self.invalid(
                "Signature expired: \(date) is now earlier than \(oldest) (\(here) - \(skew))")
        }
        if date > newest {
            throw Self.invalid(
                "Signature not yet current: \(date) is still later than \(newest) (\(here) + \(skew))"
            )
        }
    }

    // MARK: Parsing

    /// The parameters `Credential`, `SignedHeaders` and `Signature`, each of which must occur once.
    private static func parameters(of header: String) throws(AWSProtocolError) -> [String: Substring] {
        guard header.hasPrefix("\(SigV4.algorithm) ") else {
            throw incomplete("Authorization header requires 'Credential' parameter.")
        }
        var values: [String: Substring] = [:]
        for piece in header.dropFirst(SigV4.algorithm.count + 1).split(separator: ",") {
            let halves = piece.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else { continue }
            guard values.updateValue(halves[1], forKey: String(halves[0])) == nil else {
                throw incomplete("Authorization header has a parameter twice.")
            }
        }
        for name in ["Credential", "Signature", "SignedHeaders"] where values[name] == nil {
            throw incomplete("Authorization header requires '\(name)' parameter.")
        }
        return values
    }

    /// Whether `text` has the form `20261123T125540Z`.
    private static func isBasicTime(_ text: String) -> Bool {
        text.utf8.count == 16
            && text.utf8.enumerated().allSatisfy { index, byte in
                switch index {
                case 8: byte == UInt8(ascii: "T")
                case 15: byte == UInt8(ascii: "Z")
                default: ASCII.isDigit(byte)
                }
            }
    }

    /// Caller-supplied text, made safe for an error message: at most 16 characters; every character other than an ASCII
    /// letter or digit becomes `?`.
    private static func shown(_ text: Substring) -> String {
        String(text.prefix(16).map { $0.asciiValue.map(ASCII.isLetterOrDigit) == true ? $0 : "?" })
    }

    // MARK: Errors

    /// The error for an access key id that does not belong to a caller.
    package static let unknownKey = AWSProtocolError(
        common: "UnrecognizedClientException", "The security token included in the request is invalid.")

    private static let mismatch = invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
            + "and signing method. Consult the service documentation for details.")

    private static func invalid(_ message: String) -> AWSProtocolError {
        AWSProtocolError(common: "InvalidSignatureException", message)
    }

    private static func incomplete(_ message: String) -> AWSProtocolError {
        AWSProtocolError(common: "IncompleteSignatureException", message)
    }
}

package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyHTTP

/// The claim of a request to be signed (AWS Signature Version 4, IAM User Guide, "Create a signed AWS API request"),
/// and the judgement of it. Pure: keys and time are given.
///
/// Made in two steps, because the secret has to be found by the access key id in between. What is thrown are AWS's own
/// errors in AWS's words; none holds anything of the signature that was expected.
package struct SignatureVerification: Sendable {
    /// How far a request's time may be from ours, either way.
    package static let longestSkew: Duration = .seconds(300)
    /// Bytes of the `Authorization` field: ten times what SDKs send.
    package static let longestHeader = 4096

    /// Whose secret it must be signed with.
    package let accessKeyID: String
    private let scopeDate: Substring
    private let scope: SigV4.Scope
    /// As they were listed, in lower case and sorted, or the signature will not fit.
    private let signedFields: String
    private let signature: String

    /// Reads `Authorization` and `X-Amz-Date`.
    /// - Throws: `MissingAuthenticationTokenException`, `IncompleteSignatureException`.
    package init(_ request: HTTPRequest) throws(AWSFault) {
        let headers = request.fields.values("Authorization")
        guard let header = headers.first, !header.isEmpty else {
            throw AWSFault(common: "MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        // All of it is ASCII. Other text takes more time to compare than its length.
        guard headers.count == 1, header.utf8.count <= Self.longestHeader, header.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw Self.incomplete("Authorization header is given more than once, is too long, or is not ASCII.")
        }
        let values = try Self.parameters(of: header)
        let credential = values["Credential", default: ""].split(separator: "/", omittingEmptySubsequences: false)
        guard credential.count == 5, credential[4] == "aws4_request", credential.allSatisfy({ !$0.isEmpty }) else {
            throw Self.incomplete(
                "Credential must have exactly 5 slash-delimited elements, the last being 'aws4_request'.")
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

    /// Judges what can be judged before the body has come: key, scope and time.
    /// - Parameters:
    ///   - isKnown: whether the access key id may sign.
    ///   - service: as the credential scope must have it (`ssm`).
    /// - Throws: `UnrecognizedClientException`, `InvalidSignatureException`.
    package func checkHead(
        _ request: HTTPRequest, isKnown: Bool, service: String, now: WallTime
    ) throws(AWSFault) {
        // A session token would be one that nobody here gave.
        guard isKnown, request.fields["X-Amz-Security-Token"] == nil else { throw Self.unknownKey }
        try checkScope(request, service: service)
        try checkTime(now)
    }

    /// Judges the signature.
    ///
    /// It covers method, path, query, `Host`, every `X-Amz-` field and the body, so that a request that is caught can be
    /// turned into no other: it can be sent again as it is, for ``longestSkew``.
    /// - Parameters:
    ///   - request: the one this was made of.
    ///   - secrets: those the access key id may sign with; two while a key is being changed. Each is tried, whatever the
    ///     one before it gave.
    ///   - service: as the credential scope must have it (`ssm`).
    /// - Throws: `UnrecognizedClientException`, `InvalidSignatureException`.
    package func verify(
        _ request: HTTPRequest, secrets: [Secret], service: String, now: WallTime
    ) throws(AWSFault) {
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
                let wanted = SigV4.signature(of: canonical, scope: scope, secretAccessKey: secret)
                if wanted.constantTimeEquals(given) { isSigned = true }
            }
        }
        guard isSigned else { throw Self.mismatch }
    }

    /// The service the request says it is signed for.
    package var service: String { scope.service }

    // MARK: Scope and time

    private func checkScope(_ request: HTTPRequest, service: String) throws(AWSFault) {
        guard scope.service == service else {
            throw Self.invalid("Credential should be scoped to correct service: '\(service)'.")
        }
        guard scopeDate == scope.timestamp.prefix(8) else {
            throw Self.invalid(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                    + "'\(Self.shown(scopeDate))' != '\(scope.timestamp.prefix(8))', from '\(scope.timestamp)'.")
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

    /// The basic form of RFC 3339 sorts as text in the order of time, so the dates are compared as they stand.
    private func checkTime(_ now: WallTime) throws(AWSFault) {
        let here = RFC3339.formatBasic(now)
        let oldest = RFC3339.formatBasic(now + (Duration.zero - Self.longestSkew))
        let newest = RFC3339.formatBasic(now + Self.longestSkew)
        let date = scope.timestamp
        if date < oldest {
            throw Self.invalid("Signature expired: \(date) is now earlier than \(oldest) (\(here) - 5 min.)")
        }
        if date > newest {
            throw Self.invalid("Signature not yet current: \(date) is still later than \(newest) (\(here) + 5 min.)")
        }
    }

    // MARK: Reading

    /// `Credential`, `SignedHeaders` and `Signature`, each once.
    private static func parameters(of header: String) throws(AWSFault) -> [String: Substring] {
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
            && text.utf8.enumerated().allSatisfy { place, byte in
                switch place {
                case 8: byte == UInt8(ascii: "T")
                case 15: byte == UInt8(ascii: "Z")
                default: Grammar.isDigit(byte)
                }
            }
    }

    /// A caller's own words, cut short and made plain before they are repeated.
    private static func shown(_ text: Substring) -> String {
        String(text.prefix(16).map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "?" })
    }

    // MARK: Errors

    /// No key of that id is known.
    package static let unknownKey = AWSFault(
        common: "UnrecognizedClientException", "The security token included in the request is invalid.")

    private static let mismatch = invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
            + "and signing method. Consult the service documentation for details.")

    private static func invalid(_ message: String) -> AWSFault {
        AWSFault(common: "InvalidSignatureException", message)
    }

    private static func incomplete(_ message: String) -> AWSFault {
        AWSFault(common: "IncompleteSignatureException", message)
    }
}

extension AWSFault {
    /// An error of the layer that all services share: its name stands before a `#`, which clients strip.
    package init(common type: String, _ message: String? = nil) {
        self.init("com.amazon.coral.service#\(type)", message)
    }
}

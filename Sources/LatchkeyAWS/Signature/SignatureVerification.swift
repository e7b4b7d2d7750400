package import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeyHTTP

/// The verification of a signed request (AWS Signature Version 4, IAM User Guide, "Create a signed AWS API request").
/// Keys and time are parameters.
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
    /// The service in the scope of the signature.
    package let service: String
    /// The field `Authorization`, and its parts.
    private let header: [UInt8]
    private let parts: Parts
    /// The field `X-Amz-Date`.
    private let timestamp: [UInt8]
    private let time: WallTime

    /// Parses `Authorization` and `X-Amz-Date`.
    ///
    /// - Throws: `MissingAuthenticationTokenException`, `IncompleteSignatureException`.
    package init(_ request: SignableRequest) throws(AWSProtocolError) {
        guard let header = request.first("authorization"), !header.isEmpty else {
            throw AWSProtocolError(common: "MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        guard request.count("authorization") == 1, header.count <= Self.maxHeaderBytes,
            header.allSatisfy({ $0 < 0x80 })
        else {
            throw Self.incomplete("Authorization header is given more than once, is too long, or is not ASCII.")
        }
        parts = try Parts(header)
        guard request.count("x-amz-date") == 1, let timestamp = request.first("x-amz-date"),
            let time = RFC3339.parseBasic(timestamp)
        else {
            throw Self.incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        }
        self.header = Array(header)
        self.timestamp = Array(timestamp)
        self.time = time
        accessKeyID = String(decoding: header[parts.accessKeyID], as: UTF8.self)
        service = String(decoding: header[parts.service], as: UTF8.self)
    }

    /// Verifies what does not need the body: key, scope and time.
    ///
    /// - Parameters:
    ///   - isKnown: whether the access key id belongs to a caller.
    ///   - service: the service that the scope must name (`ssm`).
    /// - Throws: `UnrecognizedClientException`, `InvalidSignatureException`.
    package func checkHead(
        _ request: SignableRequest, isKnown: Bool, service: String, now: WallTime
    ) throws(AWSProtocolError) {
        // Latchkey issues no session tokens.
        guard isKnown, request.first("x-amz-security-token") == nil else { throw Self.unknownKey }
        try checkScope(request, service: service)
        try checkTime(now)
    }

    /// Verifies the signature of a request for which ``checkHead(_:isKnown:service:now:)`` has succeeded.
    ///
    /// The signature covers method, path, query, `Host`, all `X-Amz-` fields and the body. An intercepted request can
    /// be sent again within five minutes, but not changed.
    ///
    /// - Parameters:
    ///   - request: the request that was parsed.
    ///   - secrets: the secrets of the access key id; two during a rotation. All are tried, also after one has matched.
    ///   - keys: the signing keys of earlier requests. A further one is added if its signature verifies.
    /// - Throws: `InvalidSignatureException`, also if the time has passed meanwhile.
    package func verify(
        _ request: SignableRequest, secrets: [Secret], keys: SigningKeys, now: WallTime
    ) throws(AWSProtocolError) {
        try checkTime(now)
        let isSigned = header.withUnsafeBytes { header in
            guard Self.hasItsHash(request), let given = Digest(lowerHex: header[parts.signature]),
                let canonical = CanonicalRequest(
                    request, covering: UnsafeRawBufferPointer(rebasing: header[parts.signedFields]))
            else { return false }
            var isSigned = false
            let scope = UnsafeRawBufferPointer(rebasing: header[parts.scope])
            for secret in secrets {
                let known = keys.key(secret, scope: scope)
                let key = known ?? SigV4.signingKey(secret, scope: scope)
                let expected = timestamp.withUnsafeBytes {
                    SigV4.signature(of: canonical, timestamp: $0, scope: scope, signingKey: key)
                }
                guard expected.constantTimeEquals(given) else { continue }
                isSigned = true
                if known == nil { keys.insert(key, of: secret, scope: scope) }
            }
            return isSigned
        }
        guard isSigned else { throw Self.mismatch }
    }

    /// Whether each `X-Amz-Content-Sha256` is the hash of the body.
    private static func hasItsHash(_ request: SignableRequest) -> Bool {
        guard request.first("x-amz-content-sha256") != nil else { return true }
        let hash = SHA256.hash(request.body)
        return request.fields.allSatisfy { field in
            !Grammar.equals(field.name, folded: "x-amz-content-sha256") || Digest(lowerHex: field.value[...]) == hash
        }
    }

    // MARK: Scope and time

    private func checkScope(_ request: SignableRequest, service: String) throws(AWSProtocolError) {
        guard self.service.hasSameBytes(as: service) else {
            throw Self.invalid("Credential should be scoped to correct service: '\(service)'.")
        }
        guard header[parts.date].elementsEqual(timestamp[..<8]) else {
            let (day, timestamp) = (Self.shown(header[parts.date]), String(decoding: timestamp, as: UTF8.self))
            throw Self.invalid(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                    + "'\(day)' != '\(timestamp.prefix(8))', from '\(timestamp)'.")
        }
        guard Array("host".utf8).withUnsafeBytes(covers) else {
            throw Self.invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
        }
        let uncovered = request.fields.first { field in
            let start = UnsafeRawBufferPointer(rebasing: field.name.prefix(6))
            return Grammar.equals(start, folded: "x-amz-") && !covers(field.name)
        }
        if let uncovered {
            let name = String(decoding: uncovered.name, as: UTF8.self).lowercased()
            throw Self.invalid("'\(name)' must be a 'SignedHeader' in the AWS Authorization.")
        }
    }

    /// Whether the signature covers the field with that name.
    private func covers(_ name: UnsafeRawBufferPointer) -> Bool {
        header.withUnsafeBytes { header in
            var isCovered = false
            CanonicalRequest.forEachName(in: UnsafeRawBufferPointer(rebasing: header[parts.signedFields])) {
                isCovered = CanonicalRequest.isName(name, $0)
                return !isCovered
            }
            return isCovered
        }
    }

    private func checkTime(_ now: WallTime) throws(AWSProtocolError) {
        let (oldest, newest) = (now + (Duration.zero - Self.maxSkew), now + Self.maxSkew)
        // Compared to the second, in which the text of a time is given.
        let isExpired = time.seconds < oldest.seconds
        guard isExpired || time.seconds > newest.seconds else { return }
        let (date, here) = (String(decoding: timestamp, as: UTF8.self), RFC3339.formatBasic(now))
        let skew = "\(Self.maxSkewMinutes) min."
        throw Self.invalid(
            isExpired
                ? "Signature expired: \(date) is now earlier than \(RFC3339.formatBasic(oldest)) (\(here) - \(skew))"
                : "Signature not yet current: \(date) is still later than \(RFC3339.formatBasic(newest)) (\(here) + \(skew))"
        )
    }

    /// Caller-supplied text, made safe for an error message: at most 16 characters; every character other than an ASCII
    /// letter or digit becomes `?`.
    private static func shown(_ text: ArraySlice<UInt8>) -> String {
        String(decoding: text.prefix(16).map { ASCII.isLetterOrDigit($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
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

    fileprivate static func incomplete(_ message: String) -> AWSProtocolError {
        AWSProtocolError(common: "IncompleteSignatureException", message)
    }
}

extension SignatureVerification {
    /// Where the parts of `Authorization` are.
    private struct Parts {
        var accessKeyID = 0..<0
        var date = 0..<0
        var service = 0..<0
        /// Date, region, service and terminator.
        var scope = 0..<0
        /// `SignedHeaders` as given. The signature fits only if the names are in lower case and sorted.
        var signedFields = 0..<0
        var signature = 0..<0

        /// The parameters `Credential`, `SignedHeaders` and `Signature`, each of which must occur once.
        init(_ header: UnsafeRawBufferPointer) throws(AWSProtocolError) {
            let prefix = Array("\(SigV4.algorithm) ".utf8)
            guard header.starts(with: prefix) else {
                throw SignatureVerification.incomplete("Authorization header requires 'Credential' parameter.")
            }
            var credential: Range<Int>?
            var signedFields: Range<Int>?
            var signature: Range<Int>?
            var start = prefix.count
            while start < header.count {
                let end = header[start...].firstIndex(of: UInt8(ascii: ",")) ?? header.count
                defer { start = end + 1 }
                let piece = header[start..<end].drop { $0 == 0x20 }
                guard let equals = piece.firstIndex(of: UInt8(ascii: "=")), equals + 1 < end else { continue }
                let (name, value) = (UnsafeRawBufferPointer(rebasing: piece[..<equals]), (equals + 1)..<end)
                if Grammar.equals(name, "Credential") {
                    try Self.set(&credential, value)
                } else if Grammar.equals(name, "SignedHeaders") {
                    try Self.set(&signedFields, value)
                } else if Grammar.equals(name, "Signature") {
                    try Self.set(&signature, value)
                }
            }
            guard let credential else { throw Self.missing("Credential") }
            guard let signature else { throw Self.missing("Signature") }
            guard let signedFields else { throw Self.missing("SignedHeaders") }
            (self.signedFields, self.signature) = (signedFields, signature)
            var elements = InlineArray<5, Range<Int>>(repeating: 0..<0)
            var count = 0
            start = credential.lowerBound
            while start <= credential.upperBound, count < 6 {
                let end =
                    header[start..<credential.upperBound].firstIndex(of: UInt8(ascii: "/")) ?? credential.upperBound
                if count < 5 { elements[count] = start..<end }
                (start, count) = (end + 1, count + 1)
            }
            guard count == 5, header[elements[4]].elementsEqual(SigV4.terminator.utf8),
                elements.indices.allSatisfy({ !elements[$0].isEmpty })
            else {
                throw SignatureVerification.incomplete(
                    "Credential must have exactly 5 slash-delimited elements, the last being '\(SigV4.terminator)'.")
            }
            (accessKeyID, date, service) = (elements[0], elements[1], elements[3])
            scope = elements[1].lowerBound..<credential.upperBound
        }

        private static func set(_ part: inout Range<Int>?, _ value: Range<Int>) throws(AWSProtocolError) {
            guard part == nil else {
                throw SignatureVerification.incomplete("Authorization header has a parameter twice.")
            }
            part = value
        }

        private static func missing(_ name: String) -> AWSProtocolError {
            SignatureVerification.incomplete("Authorization header requires '\(name)' parameter.")
        }
    }
}

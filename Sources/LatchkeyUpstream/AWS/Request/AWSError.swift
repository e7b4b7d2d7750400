internal import LatchkeyCore
package import LatchkeyHTTP

/// Why a call to AWS has no result. Carries AWS's own code and request id, never a body.
package struct AWSError: Error, Hashable, Sendable {
    /// The closed set of reasons.
    package enum Kind: Hashable, Sendable {
        case notFound
        case denied
        case throttled
        /// The credentials have ended or are not known any more: others may do.
        case expiredCredentials
        /// No source of credentials has any.
        case noCredentials
        /// The name is taken (`ParameterAlreadyExists`, `ResourceExistsException`).
        case alreadyExists
        /// What a write was made to depend on does not hold (`ConditionalCheckFailedException`).
        case conditionFailed
        /// The service does not accept the request as it is; the same request never succeeds.
        case invalidRequest
        /// The service failed, or cannot be reached.
        case unavailable
        case timedOut
        /// An answer that is none of the service's.
        case invalidAnswer
    }

    package var kind: Kind
    /// AWS's code (`ThrottlingException`), or nil where none came.
    package var code: String?
    /// `x-amzn-RequestId`, for AWS's support.
    package var requestID: String?
    /// What to do about it, where that is known. Safe to log.
    package var hint: String?
    /// It is a key that may not be used, and not the call itself that may not be made.
    package var isOfKey = false
    /// How the HTTP exchange failed, where it did.
    package var transport: HTTPClientError?
    /// When another try makes sense, where Latchkey's own rate held the call back.
    package var retryAfter: Duration?
    /// `x-amz-retry-after`, in milliseconds.
    var retryAfterMilliseconds: Int?
    /// `Date` of the answer: AWS's clock.
    var serverDate: String?

    /// The code of a call that Latchkey's own rate held back.
    package static let localRateLimit = FaultCode.localRateLimit.rawValue

    /// Secrets Manager's code for a secret that is not in the state for it: of a read, one that waits for its deletion.
    package static let invalidState = "InvalidRequestException"

    package init(_ kind: Kind, code: String? = nil, requestID: String? = nil, hint: String? = nil) {
        self.kind = kind
        self.code = code
        self.requestID = requestID
        self.hint = hint
    }
}

// MARK: - Reading answers

extension AWSError {
    /// The error an answer other than 200 stands for (AWS JSON 1.1 protocol). The code decides; the status only where
    /// there is none: Parameter Store answers throttling and denial with 400.
    init(_ response: HTTPResponse) {
        let requestID = response.fields["x-amzn-requestid"] ?? response.fields["x-amz-request-id"]
        let body = try? JSON(parsing: response.body)
        let type = body?["__type"]?.string ?? body?["code"]?.string ?? response.fields["x-amzn-errortype"]
        let code = type.map(Self.bareCode) ?? Self.xmlCode(response.body)
        self.init(
            code.flatMap { Self.kind(code: $0) } ?? Self.kind(status: response.status), code: code,
            requestID: requestID)
        let message = body?["message"]?.string ?? body?["Message"]?.string ?? ""
        if kind == .denied, message.contains(":*") {
            hint = "AWS reports an invalid parameter name this way too: check the prefix and the key's characters"
        }
        // What Parameter Store and Secrets Manager write when KMS refuses on the caller's behalf.
        isOfKey =
            kind == .denied
            && (["InvalidKeyId", "DecryptionFailure", "KMSAccessDeniedException"].contains(code)
                || message.contains("kms:") || message.contains("KMS"))
        retryAfterMilliseconds = response.fields["x-amz-retry-after"].flatMap { Int($0) }
        serverDate = response.fields["date"]
    }

    /// An HTTP exchange that failed.
    init(_ error: HTTPClientError) {
        let kind: Kind =
            switch error {
            case .timedOut, .connectTimedOut: .timedOut
            case .malformed, .tooLarge, .unexpectedEncoding: .invalidAnswer
            case .proxy(let failure): failure.isTimeout ? .timedOut : .unavailable
            case .nameNotResolved, .connectFailed, .tlsFailed, .closedBeforeResponse, .truncated, .shutDown:
                .unavailable
            }
        self.init(kind, hint: error.proxyFailure?.description)
        transport = error
    }

    /// `com.amazonaws.ssm#ParameterNotFound` and `ParameterNotFound:http://…` as `ParameterNotFound`; nil-like text
    /// (anything but letters, digits and dots) is cut off.
    static func bareCode(_ type: String) -> String {
        // By bytes, for the text may be anything and as long as an answer.
        let name = type.utf8.split(separator: UInt8(ascii: "#")).last ?? ""[...].utf8
        return String(Substring(name.prefix(64).prefix(while: isOfCode)))
    }

    private static func isOfCode(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// `<Code>…</Code>` of the XML that some refusals come in.
    private static func xmlCode(_ body: [UInt8]) -> String? {
        let text = String(decoding: body.prefix(4096), as: UTF8.self)
        guard let start = text.firstRange(of: "<Code>")?.upperBound,
            let end = text[start...].firstRange(of: "</Code>")?.lowerBound
        else { return nil }
        return bareCode(String(text[start..<end]))
    }

    private static func kind(status: Int) -> Kind {
        switch status {
        case 401, 403: .denied
        case 404: .notFound
        case 408, 429: .throttled
        case 400..<500: .invalidRequest
        case 500...599: .unavailable
        default: .invalidAnswer
        }
    }

    /// The codes of Parameter Store, Secrets Manager, DynamoDB and what stands before all services.
    private static func kind(code: String) -> Kind? {
        if throttlingCodes.contains(code) { return .throttled }
        switch code {
        case "ParameterNotFound", "ParameterVersionNotFound", "ResourceNotFoundException": return .notFound
        case "AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "SignatureDoesNotMatch",
            "InvalidSignatureException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
            "OptInRequired", "KMSAccessDeniedException", "InvalidClientTokenId", "IncompleteSignature",
            "IncompleteSignatureException", "InvalidKeyId", "DecryptionFailure", "EncryptionFailure":
            return .denied
        case "ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "RequestExpired",
            "TokenRefreshRequired":
            return .expiredCredentials
        case "ParameterAlreadyExists", "ResourceExistsException": return .alreadyExists
        case "ConditionalCheckFailedException": return .conditionFailed
        case "InternalServerError", "InternalServiceError", "InternalFailure", "ServiceUnavailable",
            "ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException", "TooManyUpdates":
            return .unavailable
        default: return nil
        }
    }

    /// What the SDKs' standard mode treats as throttling (botocore `retries/standard.py`), without
    /// `LimitExceededException`: Secrets Manager means a quota by it that no waiting mends.
    private static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
        "EC2ThrottledException",
    ]

    /// Codes that mean, or may mean, that this machine's clock is wrong.
    private static let skewCodes: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
        "RequestInTheFuture",
    ]

    /// AWS's clock less ours, when the error may come of their being over 4 minutes apart.
    func skew(at now: WallTime) -> Duration? {
        guard let code, Self.skewCodes.contains(code), let date = serverDate.flatMap({ HTTPDate.parse($0) }) else {
            return nil
        }
        let difference = date - now
        let tolerance = ClockOffset.tolerance
        return difference > tolerance || difference < .zero - tolerance ? difference : nil
    }
}

internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyHTTP

// How responses and failed requests become errors.

extension AWSError {
    /// The error of a response whose status is not 200 (AWS JSON 1.1 protocol).
    ///
    /// The code decides, and the status only if there is no code: Parameter Store answers throttling and denial with
    /// 400.
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
        // Parameter Store and Secrets Manager say so when KMS refuses the caller.
        concernsKMSKey =
            kind == .denied
            && (["InvalidKeyId", "DecryptionFailure", "KMSAccessDeniedException"].contains(code)
                || message.contains("kms:") || message.contains("KMS"))
        retryAfterMilliseconds = response.fields["x-amz-retry-after"].flatMap { Int($0) }
        serverDate = response.fields.date
    }

    /// The error of an HTTP request that failed.
    init(_ error: HTTPClientError) {
        let kind: Kind =
            switch error {
            case .timedOut, .connectTimedOut: .timedOut
            case .malformed, .tooLarge, .unexpectedEncoding: .invalidAnswer
            case .proxy(let failure): failure.isTimeout ? .timedOut : .unavailable
            case .nameNotResolved, .connectFailed, .tlsFailed, .closedBeforeResponse, .truncated, .shutDown:
                .unavailable
            }
        self.init(kind, hint: error.proxyError?.description)
        transport = error
    }

    /// The difference between AWS's clock and ours, if the error can come from a difference over
    /// ``ClockSkew/tolerance``.
    func skew(at now: WallTime) -> Duration? {
        guard let code, Self.skewCodes.contains(code), let serverDate else { return nil }
        let difference = serverDate - now
        return ClockSkew.isSkewed(by: difference) ? difference : nil
    }

    // MARK: - Codes

    /// The code in `com.amazonaws.ssm#ParameterNotFound` and `ParameterNotFound:http://…`, at most 64 letters, digits,
    /// dots and underscores.
    static func bareCode(_ type: String) -> String {
        // Split by bytes: the text is arbitrary and may be as long as a response.
        let name = type.utf8.split(separator: UInt8(ascii: "#")).last ?? ""[...].utf8
        return String(Substring(name.prefix(64).prefix(while: isPartOfCode)))
    }

    private static func isPartOfCode(_ byte: UInt8) -> Bool {
        ASCII.isLetterOrDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }

    /// `<Code>…</Code>` of an error in XML.
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

    /// The codes of Parameter Store, Secrets Manager and DynamoDB, and those common to all services.
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

    /// The codes that the SDKs' standard retry mode treats as throttling (botocore, `retries/standard.py`), without
    /// `LimitExceededException`: Secrets Manager uses it for a quota that waiting does not restore.
    private static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
        "EC2ThrottledException",
    ]

    /// The codes that mean, or may mean, that this machine's clock is wrong.
    private static let skewCodes: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
        "RequestInTheFuture",
    ]
}

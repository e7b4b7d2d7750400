internal import LatchkeyAWS
internal import LatchkeyCore
package import LatchkeyHTTP

/// Why a call to AWS has no result. Carries AWS's code and request id, never a response body.
package struct AWSError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case notFound
        case denied
        case throttled
        /// The credentials have expired or are unknown to AWS. Other credentials may work.
        case expiredCredentials
        /// No credential source has any credentials.
        case noCredentials
        /// The name is taken (`ParameterAlreadyExists`, `ResourceExistsException`).
        case alreadyExists
        /// The condition of a conditional write does not hold (`ConditionalCheckFailedException`).
        case conditionFailed
        /// The service rejects the request as it is; the same request never succeeds.
        case invalidRequest
        /// The service failed, or cannot be reached.
        case unavailable
        case timedOut
        /// The response does not follow the service's API.
        case invalidAnswer
    }

    package var kind: Kind
    /// AWS's code (`ThrottlingException`); nil if the response has none.
    package var code: String?
    /// `x-amzn-RequestId`, for AWS support.
    package var requestID: String?
    /// What to do about the error, if known. Safe to log.
    package var hint: String?
    /// The call itself is allowed, but not the use of a KMS key that it needs.
    package var concernsKMSKey = false
    /// How the HTTP request failed; nil if there was a response.
    package var transport: HTTPClientError?
    /// When to try again, if Latchkey itself held the call back.
    package var retryAfter: Duration?
    /// `x-amz-retry-after`, in milliseconds.
    var retryAfterMilliseconds: Int?
    /// `Date` of the response: AWS's clock.
    var serverDate: WallTime?

    /// The code of a call that Latchkey's own rate limit held back.
    package static let localRateLimit = FaultCode.localRateLimit.rawValue

    /// Secrets Manager's code if the secret's state does not allow the call: for a read, the secret is scheduled for
    /// deletion.
    package static let invalidState = AWSProtocolError.invalidState

    package init(_ kind: Kind, code: String? = nil, requestID: String? = nil, hint: String? = nil) {
        self.kind = kind
        self.code = code
        self.requestID = requestID
        self.hint = hint
    }

    /// Credentials that are configured and cannot be had.
    ///
    /// - Parameter hint: what is wrong. Safe to log: never a value.
    static func noCredentials(_ hint: String, code: String? = nil) -> AWSError {
        AWSError(.noCredentials, code: code, hint: hint)
    }
}

extension FaultCode {
    /// What happened, for the table in Operations.md.
    package var meaning: String {
        switch self {
        case .noCredentials: "no source has AWS credentials"
        case .privateKey: "the client's private key cannot sign"
        case .backendUnknown: "backend `auto`: the backend parameter has not been read yet"
        case .unknownBackend: "the backend parameter has an unknown value"
        case .absent: "the backend parameter does not exist"
        case .storeNotInUse: "the secret was requested from a store that is not in use"
        case .notReady: "a setting or credential for the upstream is missing"
        case .nameNotResolved: "the upstream's host name has no address"
        case .connectFailed: "the connection was refused, or there is no route"
        case .connectTimedOut: "the connection was not established in time"
        case .tlsFailed: "the certificate is not valid, or the TLS handshake failed"
        case .timedOut: "no response in time"
        case .closedBeforeResponse: "the connection closed before the response"
        case .truncated: "the connection closed within the response"
        case .malformedHTTP: "the response is not HTTP"
        case .tooLarge: "the response exceeds its size limit"
        case .unexpectedEncoding: "the response has a content coding that was not requested"
        case .shutDown: "the broker is shutting down"
        case .proxyNameNotResolved: "the proxy's host name has no address"
        case .proxyConnectFailed: "the connection to the proxy failed"
        case .proxyConnectTimedOut: "the connection to the proxy was not established in time"
        case .proxyTLSFailed: "the proxy's certificate is not valid, or its TLS handshake failed"
        case .proxyTimedOut: "the proxy did not respond in time"
        case .proxyClosed: "the proxy closed the connection without a response"
        case .proxyMalformedHTTP: "the proxy's response is not HTTP"
        case .proxyStatus: "the proxy responded with this status"
        case .status: "the issuer responded with this status and no error code"
        case .denied: "the upstream denied access, without an error code"
        case .refused: "the upstream rejected the request, without an error code"
        case .throttled: "the upstream throttled the request, without an error code"
        case .unavailable: "the upstream failed, without an error code"
        case .invalid: "the upstream's response cannot be interpreted"
        case .notFound: "the upstream does not have the item, without an error code"
        case .emptyBody: "the issuer's response has no body"
        case .notJSON: "the issuer's response is not a JSON object"
        case .accessToken: "`access_token` is missing, too long or not a valid token"
        case .tokenType: "`token_type` is neither `Bearer` nor allowed by the profile"
        case .expiresIn: "`expires_in` is not a positive number of seconds"
        case .repeatedMember: "the issuer's response has a member twice"
        case .redirect: "the issuer redirects; redirects are not followed"
        case .unexpectedStatus: "the issuer responded with an unexpected status"
        case .blobNotJSON: "the blob is not JSON; the first error is at this byte"
        case .blobPastLimits: "the blob is nested too deeply or has too many values"
        case .blobNotAnObject: "the blob is JSON but not an object"
        case .valueNotJSON: "part of the secret's value has no UTF-8 form, at this byte"
        case .valuePastLimits: "the secret's value is nested too deeply or has too many values for `field=`"
        case .tokenTooLarge: "the token does not fit into its parameter and is not shared"
        case .localRateLimit: "`LATCHKEY_SSM_MAX_TPS` would delay the call past its deadline"
        case .issueBudget: "`LATCHKEY_ISSUE_BUDGET_PER_HOUR` is used up"
        case .issuerQuotaLow: "the issuer's quota is low and reserved for expiring tokens"
        case .refreshFloor: "another refresh was forced less than 2 s ago"
        case .rejectionFloor: "a rejected token may not be replaced yet"
        case .refreshElsewhere: "another replica is fetching the token"
        case .issuerBackoff: "the issuer told another replica to wait"
        case .profileChanged: "the profile's definition changed during the request"
        case .overloaded: "10,000 callers are already waiting for this value"
        }
    }

    /// What to do about it, for the table in Operations.md.
    package var remedy: String {
        switch self {
        case .noCredentials: "run `latchkey doctor`, which reports why each source has none"
        case .privateKey: "give the profile an RSA or EC key in PEM"
        case .backendUnknown, .notReady: "provide what `detail` of the response names"
        case .unknownBackend, .absent: "write `parameter-store`, `secrets-manager` or `shadow` into it"
        case .storeNotInUse, .shutDown, .profileChanged, .refreshFloor, .refreshElsewhere: "nothing; retry"
        case .nameNotResolved, .proxyNameNotResolved: "fix the resolver, or the host name in the settings"
        case .connectFailed, .connectTimedOut: "check routes, security groups and the VPC endpoint"
        case .tlsFailed, .proxyTLSFailed: "check the trust store, and TLS interception on the way"
        case .timedOut, .closedBeforeResponse, .truncated, .unavailable:
            "if it persists, check the upstream's status"
        case .malformedHTTP, .tooLarge, .unexpectedEncoding, .invalid: "find out what responds at this address"
        case .proxyConnectFailed, .proxyConnectTimedOut, .proxyTimedOut, .proxyClosed, .proxyMalformedHTTP,
            .proxyStatus:
            "fix the proxy, or `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`"
        case .status: "401 and 403: fix the credentials; 5xx: check the issuer's status"
        case .denied: "fix the credentials, grants or policies"
        case .refused, .notFound: "check the prefix, the table's name and the region"
        case .throttled: "find what sends so many requests, or raise the quota"
        case .emptyBody, .notJSON, .accessToken, .expiresIn, .repeatedMember, .redirect: "check the token URL"
        case .tokenType, .unexpectedStatus: "check the token URL, or allow it in the profile"
        case .blobNotJSON, .blobPastLimits, .blobNotAnObject: "write a valid blob"
        case .valueNotJSON, .valuePastLimits: "write a valid value, or read the secret without `field=`"
        case .tokenTooLarge: "`LATCHKEY_TOKEN_PARAMETER_TIER=advanced`, or `LATCHKEY_SHARED_TIER=dynamodb:<table>`"
        case .localRateLimit: "nothing at startup; if it persists, raise the quota and the setting"
        case .issueBudget: "find what requests so many tokens"
        case .issuerQuotaLow, .issuerBackoff: "find what else uses the client, or raise the quota"
        case .rejectionFloor: "find out why the API rejects new tokens"
        case .overloaded: "find what sends so many requests"
        }
    }

    /// The table in Markdown, one line an element.
    package static var table: [String] {
        ["| code | what happened | what to do |", "| --- | --- | --- |"]
            + allCases.map { "| `\($0.rawValue)` | \($0.meaning) | \($0.remedy) |" }
    }
}

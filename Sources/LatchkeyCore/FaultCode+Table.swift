extension FaultCode {
    /// What happened, for the table in Operations.md.
    package var meaning: String {
        switch self {
        case .noCredentials: "no source has AWS credentials"
        case .privateKey: "the client's private key cannot sign"
        case .backendUnknown: "backend `auto`: nobody knows yet where secrets are read"
        case .unknownBackend: "the parameter of the backend holds an unknown word"
        case .absent: "the parameter of the backend is gone"
        case .storeNotInUse: "a secret was asked of a store that is not in use"
        case .notReady: "something is missing that the upstream is asked with"
        case .nameNotResolved: "the upstream's name has no address"
        case .connectFailed: "no connection: refused, or no route"
        case .connectTimedOut: "no connection in time"
        case .tlsFailed: "the certificate does not hold, or TLS cannot be agreed on"
        case .timedOut: "no answer in time"
        case .closedBeforeResponse: "the connection ended before the answer"
        case .truncated: "the connection ended within the answer"
        case .malformedHTTP: "the answer is not HTTP"
        case .tooLarge: "the answer is over its limit"
        case .unexpectedEncoding: "the answer has a content coding that nobody asked for"
        case .shutDown: "the broker stops"
        case .proxyNameNotResolved: "the proxy's name has no address"
        case .proxyConnectFailed: "no connection to the proxy"
        case .proxyConnectTimedOut: "no connection to the proxy in time"
        case .proxyTLSFailed: "the proxy's certificate does not hold, or TLS cannot be agreed on"
        case .proxyTimedOut: "the proxy did not answer in time"
        case .proxyClosed: "the proxy closed the connection without an answer"
        case .proxyMalformedHTTP: "the proxy's answer is not HTTP"
        case .proxyStatus: "the proxy answered with that status"
        case .status: "the issuer answered with that status and no code"
        case .denied: "the upstream refuses Latchkey, without a code"
        case .refused: "the upstream does not take the request, without a code"
        case .throttled: "the upstream asks for fewer requests, without a code"
        case .unavailable: "the upstream fails, without a code"
        case .invalid: "the upstream's answer makes no sense"
        case .notFound: "the upstream has no such thing, without a code"
        case .emptyBody: "the issuer's answer has no body"
        case .notJSON: "the issuer's answer is not a JSON object"
        case .accessToken: "`access_token` is missing, too long or no token"
        case .tokenType: "`token_type` is not `Bearer`, nor one that the profile allows"
        case .expiresIn: "`expires_in` is not a positive number of seconds"
        case .repeatedMember: "a member of the issuer's answer stands twice"
        case .redirect: "the issuer redirects, which is not followed"
        case .unexpectedStatus: "the issuer's status is none that is expected"
        case .blobNotJSON: "the blob is not JSON from that byte on"
        case .blobPastLimits: "the blob is nested too deep or has too many values"
        case .blobNotAnObject: "the blob is JSON, and not an object"
        case .valueNotJSON: "a part of a secret's value has no UTF-8 form, at that byte"
        case .valuePastLimits: "a secret's value is nested too deep or has too many values for `field=`"
        case .tokenTooLarge: "the token is longer than its parameter may be, so it is not shared"
        case .localRateLimit: "`LATCHKEY_SSM_MAX_TPS` held the call back past its deadline"
        case .issueBudget: "`LATCHKEY_ISSUE_BUDGET_PER_HOUR` is used up"
        case .issuerQuotaLow: "the issuer's quota is low, and kept for what expiry demands"
        case .refreshFloor: "a forced refresh within 2 s of another"
        case .rejectionFloor: "a rejected token is not replaced yet"
        case .refreshElsewhere: "another replica fetches the token"
        case .issuerBackoff: "another replica was told by the issuer to wait"
        case .profileChanged: "the profile was defined otherwise meanwhile"
        case .overloaded: "10,000 callers wait for this already"
        }
    }

    /// What to do about it, for the table in Operations.md.
    package var remedy: String {
        switch self {
        case .noCredentials: "`latchkey doctor` says why each source has none"
        case .privateKey: "give the profile an RSA or EC key in PEM"
        case .backendUnknown, .notReady: "`detail` of the answer names what is missing"
        case .unknownBackend, .absent: "write one of the three words into it"
        case .storeNotInUse, .shutDown, .profileChanged, .refreshFloor, .refreshElsewhere: "nothing; ask again"
        case .nameNotResolved, .proxyNameNotResolved: "mend the resolver, or the name in the settings"
        case .connectFailed, .connectTimedOut: "check routes, security groups and the VPC endpoint"
        case .tlsFailed, .proxyTLSFailed: "check the trust store and what stands between"
        case .timedOut, .closedBeforeResponse, .truncated, .unavailable:
            "nothing, if it passes; else see the upstream's status"
        case .malformedHTTP, .tooLarge, .unexpectedEncoding, .invalid: "find out who answers at that address"
        case .proxyConnectFailed, .proxyConnectTimedOut, .proxyTimedOut, .proxyClosed, .proxyMalformedHTTP,
            .proxyStatus:
            "mend the proxy, or `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`"
        case .status: "401 and 403: mend the credentials; 5xx: see the issuer's status"
        case .denied: "mend credentials, grants or policies"
        case .refused, .notFound: "check the prefix, the table's name and the region"
        case .throttled: "find what asks for so much, or raise the quota"
        case .emptyBody, .notJSON, .accessToken, .expiresIn, .repeatedMember, .redirect: "check the token URL"
        case .tokenType, .unexpectedStatus: "check the token URL, or allow it in the profile"
        case .blobNotJSON, .blobPastLimits, .blobNotAnObject: "write the blob anew"
        case .valueNotJSON, .valuePastLimits: "write the secret anew, or read it whole"
        case .tokenTooLarge: "`LATCHKEY_TOKEN_PARAMETER_TIER=advanced`, or `LATCHKEY_SHARED_TIER=dynamodb:<table>`"
        case .localRateLimit: "nothing at a start; if it lasts, raise the quota and the setting"
        case .issueBudget: "find what asks for so many tokens"
        case .issuerQuotaLow, .issuerBackoff: "find who else uses the client; raise the quota"
        case .rejectionFloor: "find why the API refuses fresh tokens"
        case .overloaded: "find who asks so much"
        }
    }

    /// The whole table, in Markdown.
    package static var table: [String] {
        ["| code | what happened | what to do |", "| --- | --- | --- |"]
            + allCases.map { "| `\($0.rawValue)` | \($0.meaning) | \($0.remedy) |" }
    }
}

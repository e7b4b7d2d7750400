package import LatchkeyMetrics

/// The outcome of one attempt at an issuer, for metrics and logs.
package struct IssuerCallEvent: Sendable {
    package let kind: TokenRequest.Kind
    /// Counted from 1 for each call.
    package let attempt: Int
    package let duration: Duration
    /// Nil if the attempt got a token.
    package let error: IssuerError?
    /// From the fields of the response.
    package let quota: IssuerQuota

    package var outcome: UpstreamOutcome { error?.outcome ?? .success }

    package var upstream: Upstream {
        switch kind {
        case .auth0: .auth0
        case .oauth2: .oauth2
        }
    }
}

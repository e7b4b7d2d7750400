internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
package import LatchkeyMetrics
internal import LatchkeySettings
package import LatchkeyUpstream

// The errors of the upstreams become faults of the broker only here.

extension UpstreamFault {
    package init(_ error: AWSError, from upstream: Upstream) {
        // A failing credential source is a fault of an upstream. Missing credentials are a configuration error.
        if error.kind == .noCredentials, let wait = error.retryAfter {
            self.init(
                .unavailable, upstream: .credentials,
                code: error.code ?? error.transport?.proxyError?.code ?? FaultCode.noCredentials.rawValue,
                retryAfter: wait, subject: error.hint)
            proxy = error.transport?.proxyError?.description
            return
        }
        let reason: Reason =
            switch error.kind {
            case .notFound: .notFound
            case .denied, .expiredCredentials: .denied
            case .noCredentials: .notReady
            case .throttled: .throttled
            case .alreadyExists, .conditionFailed, .invalidRequest: .refused
            case .invalidAnswer: .invalid
            case .unavailable: .unavailable
            case .timedOut: .timedOut
            }
        let own = error.kind == .noCredentials ? FaultCode.noCredentials.rawValue : nil
        self.init(
            reason, upstream: upstream, code: error.code ?? error.transport?.code ?? own,
            retryAfter: error.retryAfter, subject: own == nil ? nil : error.hint)
        proxy = error.transport?.proxyError?.description
    }

    package init(_ error: IssuerError, from upstream: Upstream) {
        switch error {
        case .denied(let code): self.init(.denied, upstream: upstream, code: code)
        case .throttled(let wait): self.init(.throttled, upstream: upstream, retryAfter: wait)
        case .unavailable(_, let wait):
            self.init(.unavailable, upstream: upstream, code: error.code, retryAfter: wait)
        case .invalid(let answer): self.init(.invalid, upstream: upstream, code: answer.code)
        case .timedOut: self.init(.timedOut, upstream: upstream)
        case .transport(let error):
            self.init(error.reason, upstream: upstream, code: error.code)
            proxy = error.proxyError?.description
        case .budgetSpent(let wait):
            self.init(
                .budgetSpent, upstream: upstream, code: error.code, retryAfter: wait,
                subject: SettingName.issueBudget.rawValue)
        case .unusableKey(let refusal):
            self.init(.notReady, upstream: upstream, code: error.code, subject: "client_secret: \(refusal)")
        }
    }
}

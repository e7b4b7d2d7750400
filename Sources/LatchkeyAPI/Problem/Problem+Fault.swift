package import LatchkeyBroker
internal import LatchkeyCore
package import LatchkeyHTTP
internal import LatchkeyMetrics

extension Problem {
    /// Maps a fault of the broker to an HTTP response. This is the only place that does.
    ///
    /// - Parameter what: `token` or `secret`, for the detail.
    package init(_ fault: UpstreamFault, what: String) {
        let source = fault.upstream?.name ?? "latchkey"
        switch fault.reason {
        case .notFound:
            self.init(404, .notFound, "no such \(what)")
        case .denied:
            self.init(
                502, .upstreamDenied,
                "\(source) refuses latchkey\(Self.about(fault)): check its credentials, grants and policies")
        case .refused:
            self.init(502, .upstreamInvalid, "\(source) rejected the request as invalid\(Self.about(fault))")
        case .throttled, .budgetSpent:
            self.init(503, .upstreamThrottled, Self.throttled(fault, source))
            retryAfter = Self.seconds(fault.retryAfter) ?? 1
        case .unavailable:
            self.init(
                fault.retryAfter == nil ? 502 : 503, .upstreamUnavailable,
                "\(source) cannot be reached\(fault.proxy.map { ": \($0)" } ?? " or fails\(Self.about(fault))"); latchkey keeps retrying"
            )
            retryAfter = Self.seconds(fault.retryAfter)
        case .timedOut:
            self.init(
                504, .upstreamTimeout,
                "\(source) \(fault.proxy.map { "cannot be reached: \($0)" } ?? "did not answer in time")")
        case .invalid:
            self.init(502, .upstreamInvalid, "\(source) sent an invalid response\(Self.about(fault))")
        case .overloaded:
            self.init(
                503, .overloaded, fault.subject ?? "too many callers wait for this \(what); try again")
            retryAfter = Self.seconds(fault.retryAfter) ?? 1
        case .notReady where fault.code == SecretBroker.backendUnknownCode:
            self.init(503, .notReady, "the secrets backend is unknown: \(fault.subject ?? "it was not read yet")")
            retryAfter = Self.seconds(fault.retryAfter) ?? 1
        case .notReady:
            self.init(503, .notReady, "latchkey is not configured to call \(source)\(Self.about(fault))")
            retryAfter = Self.seconds(fault.retryAfter) ?? 5
        }
        if fault.isFromEarlierRead { refreshError = UpstreamFault.refreshFloor.summary }
        if fault.reason != .notFound {
            upstream = fault.upstream?.name
            upstreamCode = fault.code
        }
    }

    /// Distinguishes Latchkey's own budget from a limit of the upstream: only the former can be changed by a setting.
    private static func throttled(_ fault: UpstreamFault, _ source: String) -> String {
        guard fault.reason == .budgetSpent else { return "\(source) is throttling requests; try again later" }
        return "latchkey's own budget of requests to \(source) is used up for this profile; find what requests so many "
            + "tokens, or raise \(fault.subject ?? "it")"
    }

    private static func about(_ fault: UpstreamFault) -> String { fault.subject.map { " (\($0))" } ?? "" }

    /// Rounds up, because a caller that comes back too early is refused again.
    private static func seconds(_ duration: Duration?) -> Int64? {
        duration.map { max(1, $0.components.seconds + ($0.components.attoseconds > 0 ? 1 : 0)) }
    }

    /// A refusal of the server itself, before any endpoint sees the request.
    package init(_ refusal: ServerRejection) {
        switch refusal {
        case .malformed(let reason):
            let code: Code =
                switch reason.status {
                case 413: .payloadTooLarge
                case 414: .uriTooLong
                case 431: .headersTooLarge
                default: .badRequest
                }
            self.init(reason.status, code, reason.reason)
        case .plainHTTP: self.init(400, .badRequest, "plain HTTP was sent to a port that speaks TLS; use https")
        case .timedOut: self.init(408, .badRequest, "the request did not arrive in time")
        case .overloaded:
            self.init(503, .overloaded, "too many connections; try again")
            retryAfter = 1
        }
    }
}

import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyUpstream
import Testing
import latchkey

@Suite struct FaultCodeTests {
    @Test func `The page of errors has the table of upstream codes`() throws {
        let lines = try projectLines("Sources/latchkey/Latchkey.docc/Errors.md")
        let start = try #require(lines.firstIndex { $0 == "## Upstream codes" })
        let shown = lines[start...].drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
        #expect(shown.map { String($0) } == FaultCode.table)
    }

    @Test func `A number in a code is ignored, and other codes are not in the list`() {
        #expect(FaultCode(of: "http_503") == .status && FaultCode(of: "proxy_http_407") == .proxyStatus)
        #expect(FaultCode(of: "secrets_not_json_at_byte_11") == .blobNotJSON)
        #expect(FaultCode(of: "timed_out") == .timedOut)
        for other in ["http_", "http_5x3", "AccessDeniedException", "invalid_client", ""] {
            #expect(FaultCode(of: other) == nil)
        }
    }

    @Test func `Every fault without a code has a code of the list`() {
        let reasons: [UpstreamFault.Reason] = [
            .notFound, .denied, .refused, .throttled, .budgetSpent, .unavailable, .timedOut, .invalid, .overloaded,
            .notReady,
        ]
        for reason in reasons { #expect(FaultCode(of: UpstreamFault(reason).summary) == reason.code) }
    }

    @Test func `Every failure of a request, a proxy or an issuer has a code of the list`() throws {
        let server = try ProxyServer("http://proxy.test:3128")
        let reasons: [ProxyError.Reason] = [
            .nameNotResolved, .connectFailed(errno: 1), .connectTimedOut, .tlsFailed(reason: ""), .timedOut, .closed,
            .malformed, .refused(status: 407),
        ]
        let proxies = reasons.map { ProxyError(server, $0).code }
        let issuers =
            IssuerError.InvalidResponse.allCases.map(\.code.rawValue)
            + [
                IssuerError.unavailable(status: 503).code, IssuerError.budgetSpent(retryAfter: .zero).code,
                IssuerError.unusableKey(.notAKey).code,
            ].compactMap { $0 }
        for code in proxies + issuers + [AWSError.localRateLimit, SecretBroker.backendUnknownCode] {
            #expect(FaultCode(of: code) != nil, "\(code)")
        }
        #expect(proxies.allSatisfy { $0.hasPrefix("proxy_") })
    }
}

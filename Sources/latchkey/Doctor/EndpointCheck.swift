internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyService
internal import LatchkeyUpstream

/// Checks by an unsigned request whether the AWS services in use can be reached, and reads their clock.
struct EndpointCheck {
    let client: AWSClient
    let configuration: AWSConfiguration
    let proxies: ProxySettings
    let timeout: Duration

    /// - Returns: the findings, and the services that can be reached.
    func run(_ services: [AWSService]) async -> (findings: [Finding], reachable: Set<AWSService>) {
        var findings: [Finding] = []
        var reachable: Set<AWSService> = []
        var clock: ClockReading?
        for service in services {
            guard let origin = configuration.endpoints[service]?.origin else { continue }
            let asked = Timing.system.now().wall
            do throws(HTTPClientError) {
                let serverTime = try await client.serverTime(of: service, deadline: .current + timeout)
                let answered = Timing.system.now().wall
                if clock == nil, let serverTime {
                    clock = ClockReading(serverTime: serverTime, asked: asked, answered: answered)
                }
                reachable.insert(service)
                let proxy = proxies.route(to: origin).proxy
                let way = proxy.map { ", through the proxy \($0.authority)" } ?? ""
                findings.append(.fine(.endpoint, service.name, "\(origin.authority) answers\(way)"))
            } catch {
                findings.append(Self.finding(error, area: .endpoint, subject: service.name, origin: origin))
            }
        }
        if let clock {
            findings.append(clock.finding)
        } else {
            findings.append(.skipped(.clock, "skew", "skipped: no service sent its time"))
        }
        return (findings, reachable)
    }

    /// A finding about a failed request, by the step that failed.
    static func finding(
        _ error: HTTPClientError, area: Finding.Area, subject: String, origin: Origin
    ) -> Finding {
        let host = origin.authority
        return error.proxyError.map {
            finding(proxy: $0.description, code: $0.code, area: area, subject: subject, host: host)
        }
            ?? finding(code: error.code, area: area, subject: subject, origin: origin)
            ?? .problem(
                exit: .unavailable, area, subject, "\(host) does not answer with HTTP [\(error.code)]",
                remedy: "find out what answers there: \(origin.curl)")
    }

    /// A finding about a proxy that failed or refused the connection.
    ///
    /// - Parameter proxy: the description of the failure, ``ProxyError/description``.
    static func finding(
        proxy: String, code: String, area: Finding.Area, subject: String, host: String
    ) -> Finding {
        .problem(
            exit: .unavailable, area, subject, "\(host) cannot be reached: \(proxy) [\(code)]",
            remedy: "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY (latchkey config shows them), and the proxy's own log")
    }

    /// A finding by the error code of logs and `/health`; nil for a code that is not about the connection.
    static func finding(code: String, area: Finding.Area, subject: String, origin: Origin) -> Finding? {
        let host = origin.authority
        return switch FaultCode(rawValue: code) {
        case .nameNotResolved:
            .problem(
                exit: .unavailable, area, subject, "the name \(origin.host) has no address",
                remedy: "check the spelling, AWS_REGION and the resolver: getent hosts \(origin.host)")
        case .connectFailed, .connectTimedOut:
            .problem(
                exit: .unavailable, area, subject, "no connection to \(host) [\(code)]",
                remedy: "check routes, security groups and the VPC endpoint: \(origin.curl)")
        case .tlsFailed:
            .problem(
                exit: .unavailable, area, subject,
                "the certificate of \(host) is not valid, or the TLS handshake failed",
                remedy:
                    "check the trust store (ca-certificates, SSL_CERT_FILE, AWS_CA_BUNDLE) and proxies and firewalls on the path: "
                    + "openssl s_client -connect \(origin.place)")
        case .timedOut, .closedBeforeResponse, .truncated:
            .problem(
                exit: .unavailable, area, subject, "\(host) accepted the connection but did not respond [\(code)]",
                remedy: "check proxies and firewalls on the path, and LATCHKEY_UPSTREAM_TIMEOUT")
        default: nil
        }
    }
}

extension Origin {
    /// A command that shows where the connection fails.
    fileprivate var curl: String { "curl -v \(scheme.rawValue)://\(authority)/" }

    /// Host and port; the port is always given.
    fileprivate var place: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

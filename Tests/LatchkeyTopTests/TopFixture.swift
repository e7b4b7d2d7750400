import LatchkeyCore
import LatchkeyTop

/// Readings of a broker with made-up numbers.
enum TopFixture {
    static let now = Now(monotonic: MonotonicTime(nanoseconds: 100_000_000_000), wall: WallTime(seconds: 1_772_366_400))

    /// A page on which every counter is `factor` times a base.
    static func page(_ factor: Int, memory: Int = 48_000_000) -> String {
        var text = """
            # TYPE latchkey_http_requests_total counter
            latchkey_http_requests_total{route="token",method="get",code="200"} \(1000 * factor)
            latchkey_http_requests_total{route="secret",method="get",code="200"} \(200 * factor)
            latchkey_http_requests_total{route="secret",method="get",code="503"} \(4 * factor)
            latchkey_http_requests_total{route="secret",method="get",code="404"} \(2 * factor)
            latchkey_http_requests_total{route="extension_parameters",method="get",code="200"} \(factor)
            latchkey_http_connections 12
            latchkey_tier_requests_total{resource="token",tier="memory",outcome="hit"} \(999 * factor)
            latchkey_tier_requests_total{resource="token",tier="memory",outcome="miss"} \(factor)
            latchkey_tier_requests_total{resource="secret",tier="memory",outcome="hit"} \(150 * factor)
            latchkey_tier_requests_total{resource="secret",tier="memory",outcome="miss"} \(40 * factor)
            latchkey_tier_requests_total{resource="secret",tier="memory",outcome="stale"} \(10 * factor)
            latchkey_tier_requests_total{resource="secret",tier="parameter_store",outcome="hit"} \(30 * factor)
            latchkey_tier_requests_total{resource="secret",tier="parameter_store",outcome="error"} \(10 * factor)
            latchkey_upstream_requests_total{upstream="parameter_store",operation="GetParameter",outcome="success"} \(30 * factor)
            latchkey_upstream_requests_total{upstream="parameter_store",operation="GetParameter",outcome="throttled"} \(10 * factor)
            latchkey_upstream_requests_total{upstream="auth0",operation="issue_token",outcome="success"} \(factor)
            latchkey_auth_failures_total{reason="unknown"} \(3 * factor)
            latchkey_stale_served_total{resource="secret"} \(10 * factor)
            latchkey_tls_handshakes_total{outcome="ok"} \(5 * factor)
            latchkey_tls_handshakes_total{outcome="failed"} \(2 * factor)
            latchkey_caller_requests_total{caller="orders",resource="token",decision="allowed"} \(1000 * factor)
            latchkey_caller_requests_total{caller="billing",resource="secret",decision="allowed"} \(200 * factor)
            latchkey_caller_requests_total{caller="billing",resource="secret",decision="denied"} \(20 * factor)
            latchkey_policy_would_deny_total{caller="billing"} \(6 * factor)
            latchkey_token_expiry_timestamp_seconds{profile="default"} 1772370000
            process_cpu_seconds_total 0.\(34 * factor)
            process_resident_memory_bytes \(memory)
            process_open_fds 23
            process_max_fds 1024
            process_start_time_seconds 1772359139

            """
        for (route, counts) in [("token", [900, 990, 999, 1000]), ("secret", [0, 100, 200, 206])] {
            for (bound, count) in zip(["5e-05", "0.0001", "0.0025", "+Inf"], counts) {
                text +=
                    "latchkey_http_request_duration_seconds_bucket{route=\"\(route)\",le=\"\(bound)\"} \(count * factor)\n"
            }
        }
        return text
    }

    static let health = """
        {"status":"degraded","version":"0.1.0","uptime_seconds":7261,"draining":false,"secrets_backend":"parameter-store",
         "tiers":{"parameter-store":{"state":"failing","last_error":"ThrottlingException","write_error":null},
                  "auth0":{"state":"ok","last_error":null}},
         "tokens":{"default":{"state":"fresh","expires_in":3600,"refreshing":false},"reports":{"state":"none"}},
         "followed":{"LATCHKEY_CALLERS_FILE":{"state":"failing","error":"absent"}},"certificates":{},
         "reload":{"failed":[]}}
        """

    /// A broker with two readings a second apart.
    static func broker(_ url: String = "http://127.0.0.1:8700") throws -> WatchedBroker {
        var broker = WatchedBroker(url: url)
        let report = BrokerHealth(try JSON(parsing: Array(health.utf8)))
        for (factor, second) in [(1, 0), (2, 1)] {
            let time = Now(monotonic: now.monotonic + .seconds(second), wall: now.wall + .seconds(second))
            broker.read(BrokerReading(time: time, health: report, metrics: MetricsPage(Array(page(factor).utf8))))
        }
        return broker
    }

    /// What the screen shows of these brokers.
    static func model(_ urls: [String] = ["http://127.0.0.1:8700"]) throws -> TopModel {
        var model = TopModel(urls: urls, interval: 1, now: now.wall)
        model.brokers = try urls.map { try broker($0) }
        return model
    }
}

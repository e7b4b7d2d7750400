import LatchkeyCore
import LatchkeyMetrics
import Testing

@Suite struct MetricsTests {
    private func text(_ metrics: Metrics, _ format: ExpositionFormat = .prometheus004) -> String {
        var bytes: [UInt8] = []
        metrics.render(format, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func lines(_ metrics: Metrics, _ format: ExpositionFormat = .prometheus004) -> [String] {
        text(metrics, format).split(separator: "\n").map(String.init)
    }

    @Test func `A tier in use has every outcome at zero, and other series begin with their first increment`() {
        let metrics = Metrics(version: "1.0.0", profiles: [], tiersInUse: [(.token, .memory)])
        let before = lines(metrics).filter { $0.hasPrefix("latchkey_tier_requests_total") }
        #expect(before.count == 5)
        #expect(before.allSatisfy { $0.contains(#"resource="token",tier="memory""#) && $0.hasSuffix(" 0") })
        metrics.tierRequest(.secret, .secretsManager, .error)
        metrics.tierRequest(.secret, .secretsManager, .error)
        let wanted =
            #"latchkey_tier_requests_total{resource="secret",tier="secrets_manager",outcome="error"} 2"#
        #expect(lines(metrics).contains(wanted))
    }

    @Test func `Every combination of labels is a separate series`() {
        let metrics = Metrics(version: "1", profiles: ["default", "billing"])
        for route in Route.allCases {
            for method in Method.allCases {
                for code in StatusCode.allCases { metrics.httpRequest(route, method, code) }
            }
        }
        for upstream in Upstream.allCases {
            for operation in Operation.allCases {
                for outcome in UpstreamOutcome.allCases {
                    metrics.upstreamRequest(upstream, operation, outcome, took: .milliseconds(3))
                }
            }
        }
        let series = lines(metrics).filter { !$0.hasPrefix("#") }.map { $0.prefix { $0 != "}" } }
        #expect(Set(series).count == series.count)
        let http = lines(metrics).filter { $0.hasPrefix("latchkey_http_requests_total{") }
        #expect(http.count == Route.allCases.count * Method.allCases.count * StatusCode.allCases.count)
        #expect(http.allSatisfy { $0.hasSuffix(" 1") })
    }

    @Test func `Buckets are cumulative and the last equals the count`() {
        let metrics = Metrics(version: "1", profiles: [])
        for milliseconds in [0, 1, 2, 30, 400, 60_000] {
            metrics.tierDuration(.token, .auth0, .milliseconds(milliseconds))
        }
        let labels = #"resource="token",tier="auth0""#
        let name = "latchkey_tier_request_duration_seconds"
        let found = lines(metrics)
        #expect(found.contains("\(name)_bucket{\(labels),le=\"0.001\"} 2"))
        #expect(found.contains("\(name)_bucket{\(labels),le=\"0.0025\"} 3"))
        #expect(found.contains("\(name)_bucket{\(labels),le=\"0.05\"} 4"))
        #expect(found.contains("\(name)_bucket{\(labels),le=\"10.0\"} 5"))
        #expect(found.contains("\(name)_bucket{\(labels),le=\"+Inf\"} 6"))
        #expect(found.contains("\(name)_count{\(labels)} 6"))
        #expect(found.contains("\(name)_sum{\(labels)} 60.433"))
    }

    @Test func `A negative duration counts as zero`() {
        let metrics = Metrics(version: "1", profiles: [])
        metrics.httpDuration(.token, nanoseconds: -5)
        #expect(lines(metrics).contains(#"latchkey_http_request_duration_seconds_sum{route="token"} 0.0"#))
    }

    @Test func `OpenMetrics names counters without their suffix, states units and ends with EOF`() {
        let metrics = Metrics(version: "1.2", profiles: ["default"])
        metrics.tokenExpiry(profile: 0, WallTime(seconds: 1_700_000_000))
        metrics.flightJoined(.token)
        let found = lines(metrics, .openMetrics100)
        #expect(found.contains("# TYPE latchkey_singleflight_joined counter"))
        #expect(found.contains(#"latchkey_singleflight_joined_total{resource="token"} 1"#))
        #expect(found.contains("# UNIT latchkey_token_expiry_timestamp_seconds seconds"))
        #expect(found.contains(#"latchkey_token_expiry_timestamp_seconds{profile="default"} 1700000000"#))
        #expect(found.contains("# TYPE latchkey_build info"))
        #expect(found.contains(#"latchkey_build_info{version="1.2"} 1"#))
        #expect(found.last == "# EOF")
        #expect(text(metrics, .openMetrics100).hasSuffix("# EOF\n"))
    }

    @Test func `A bucket has the last recorded trace of it as its exemplar, in OpenMetrics alone`() throws {
        let metrics = Metrics(version: "1", profiles: [])
        let name = "latchkey_http_request_duration_seconds_bucket"
        let traces = ["0af7651916cd43dd8448eb211c80319c", "1af7651916cd43dd8448eb211c80319c"]
        for trace in traces {
            let context = try #require(TraceContext("00-\(trace)-b7ad6b7169203331-01".utf8))
            metrics.httpDuration(.token, nanoseconds: 70_000)
            metrics.httpExemplar(.token, nanoseconds: 70_000, context)
        }
        metrics.httpDuration(.token, nanoseconds: 80_000)
        metrics.httpDuration(.secret, nanoseconds: 70_000)
        let exemplar = " # {trace_id=\"\(traces[1])\"} 7e-05"
        #expect(lines(metrics, .openMetrics100).contains("\(name){route=\"token\",le=\"0.0001\"} 3\(exemplar)"))
        #expect(lines(metrics, .openMetrics100).count { $0.contains("trace_id") } == 1)
        #expect(!text(metrics).contains("trace_id"))
    }

    @Test func `The Prometheus format names counters with their suffix and has no EOF`() {
        let metrics = Metrics(version: "1.2", profiles: [])
        let found = lines(metrics)
        #expect(found.contains("# TYPE latchkey_singleflight_joined_total counter"))
        #expect(found.contains("# TYPE latchkey_build_info gauge"))
        #expect(!found.contains { $0.contains("EOF") || $0.contains("# UNIT") })
    }

    @Test func `Label values are escaped`() {
        let metrics = Metrics(version: "a\\b\"c\nd", profiles: [])
        #expect(lines(metrics).contains(#"latchkey_build_info{version="a\\b\"c\nd"} 1"#))
    }

    @Test func `A gauge that is set to nil is removed from the page`() {
        let metrics = Metrics(version: "1", profiles: ["a", "b"])
        #expect(!text(metrics).contains("latchkey_token_expiry"))
        metrics.tokenExpiry(profile: 1, WallTime(seconds: 5))
        #expect(lines(metrics).contains(#"latchkey_token_expiry_timestamp_seconds{profile="b"} 5"#))
        metrics.tokenExpiry(profile: 1, nil)
        #expect(!text(metrics).contains("latchkey_token_expiry"))
    }

    @Test func `The series of a profile begin when it is added and end when it is removed`() {
        let metrics = Metrics(version: "1", profiles: ["default"], profileSlots: 3)
        metrics.tokenRefresh(profile: 1, .cold, .success)
        #expect(!text(metrics).contains("latchkey_token_refreshes"))
        metrics.profile(1, isNamed: "a")
        metrics.profile(2, isNamed: "b")
        for index in 0..<3 { metrics.tokenRefresh(profile: index, .cold, .success) }
        metrics.issuerQuota(profile: "a", .budget, remaining: 7)
        metrics.issuerQuota(profile: "nobody", .budget, remaining: 8)
        let refreshes = { (name: String) in
            #"latchkey_token_refreshes_total{profile="\#(name)",reason="cold",outcome="success"} 1"#
        }
        let quota = #"latchkey_issuer_quota_remaining{profile="a",bucket="budget"} 7"#
        for line in [refreshes("default"), refreshes("a"), refreshes("b"), quota] {
            #expect(lines(metrics).contains(line))
        }
        metrics.profile(1, isNamed: "a")
        #expect(lines(metrics).contains(refreshes("a")))
        metrics.profile(1, isNamed: nil)
        #expect(!text(metrics).contains(#"profile="a""#) && lines(metrics).contains(refreshes("b")))
        metrics.profile(1, isNamed: "c")
        #expect(!text(metrics).contains(#"profile="c""#))
    }

    @Test(arguments: ExpositionFormat.allCases)
    func `Every family is declared once, before its samples`(format: ExpositionFormat) {
        let metrics = Metrics(version: "1", profiles: ["default"], tiersInUse: [(.token, .memory)]) {
            ProcessReading(
                cpuSeconds: 1.5, residentBytes: 1, virtualBytes: 2, openDescriptors: 3, maxDescriptors: 4,
                startTimeSeconds: 5)
        }
        metrics.httpRequest(.token, .get, .ok)
        metrics.httpDuration(.token, nanoseconds: 10_000)
        metrics.shadowComparison(.match)
        var declared: Set<String> = []
        var current = ""
        for line in lines(metrics, format) where line != "# EOF" {
            if line.hasPrefix("# TYPE ") {
                current = String(line.split(separator: " ")[2])
                #expect(declared.insert(current).inserted)
            } else if !line.hasPrefix("#") {
                #expect(line.hasPrefix(current))
            }
        }
        #expect(declared.count >= 14)
    }

    @Test func `All increments from many threads are counted`() async {
        let metrics = Metrics(version: "1", profiles: [])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<10_000 { metrics.httpRequest(.token, .get, .ok) } }
            }
        }
        #expect(
            lines(metrics).contains(#"latchkey_http_requests_total{route="token",method="get",code="200"} 80000"#))
    }

    @Test func `A status that is not in the list counts as other`() {
        #expect(StatusCode(418) == .other)
        #expect(StatusCode.other.label == "other")
        for status in [200, 202, 304, 400, 401, 404, 431, 502, 503, 504] {
            #expect(StatusCode(status).label == String(status))
        }
        #expect(Set(StatusCode.allCases.map(\.label)).count == StatusCode.allCases.count)
    }
}

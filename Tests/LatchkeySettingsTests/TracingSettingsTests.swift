import LatchkeyCrypto
import LatchkeyHTTP
import Testing

@testable import LatchkeySettings

@Suite struct TracingSettingsTests {
    private func examine(_ environment: [String: String]) -> (settings: Settings, problems: [String]) {
        Settings.examine(environment: environment, need: .client, processors: 2) { _ in nil }
    }

    @Test(arguments: [
        ("http://collector:4318", "/v1/traces", Origin(scheme: .http, host: "collector", port: 4318)),
        ("http://collector:4318/", "/v1/traces", Origin(scheme: .http, host: "collector", port: 4318)),
        ("https://otlp.example/otlp", "/otlp/v1/traces", Origin(scheme: .https, host: "otlp.example")),
        ("http://[::1]:4318", "/v1/traces", Origin(scheme: .http, host: "::1", port: 4318)),
    ])
    func `Traces go to a path below the endpoint`(url: String, target: String, origin: Origin) throws {
        let tracing = try #require(examine(["OTEL_EXPORTER_OTLP_ENDPOINT": url]).settings.tracing)
        #expect(tracing.target == target && tracing.origin == origin && tracing.service == "latchkey")
    }

    @Test func `Fields are percent-decoded, and the service has a name`() throws {
        let tracing = try #require(
            examine([
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
                "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%2Cb, Authorization=Basic%20eA==",
                "OTEL_SERVICE_NAME": "orders",
            ]).settings.tracing)
        #expect(tracing.fields.map(\.name) == ["api-key", "Authorization"])
        #expect(tracing.fields.map { $0.value.revealText() } == ["a,b", "Basic eA=="])
        #expect(tracing.service == "orders")
    }

    @Test func `Without an endpoint there is no export`() {
        #expect(examine(["OTEL_SERVICE_NAME": "orders"]).settings.tracing == nil)
    }

    @Test(arguments: [
        "collector:4318", "ftp://collector", "http://", "http://user:password@collector", "http://a?b", "grpc://a:4317",
    ])
    func `Another endpoint is refused`(url: String) {
        let problems = examine(["OTEL_EXPORTER_OTLP_ENDPOINT": url]).problems
        #expect(problems.contains { $0.hasPrefix("OTEL_EXPORTER_OTLP_ENDPOINT: ") })
    }

    @Test(arguments: ["secret-without-name", "=secret", "a b=secret", "a=%zzsecret", "a=secret%0d%0ab: c"])
    func `Another field is refused, and not shown`(fields: String) {
        let problems = examine(["OTEL_EXPORTER_OTLP_HEADERS": fields]).problems.filter { $0.hasPrefix("OTEL_") }
        #expect(problems.count == 1 && problems.allSatisfy { !$0.contains("secret") })
    }
}

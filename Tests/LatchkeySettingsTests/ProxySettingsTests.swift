import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeySettings
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

/// Checks which proxy a call uses, against the shared table.
@Suite struct ProxySettingsTests {
    private static func settings(
        _ environment: [String: String], file: String? = nil, need: Settings.Need = .upstreams
    ) throws -> Settings {
        var all = environment.merging(["AWS_REGION": "eu-central-1"]) { own, _ in own }
        if file != nil { all["LATCHKEY_CONFIG"] = "/settings" }
        return try Settings.load(environment: all, need: need, processors: 1) { $0 == "/settings" ? file : nil }
    }

    private static func cases(_ path: String) -> [JSON] { (try? Fixture.json(path))?["cases"]?.array ?? [] }

    @Test(arguments: cases("cases/proxies.json") + cases("cases/proxies-more.json"))
    func `A call uses the proxy that botocore would use`(each: JSON) throws {
        let environment = (each["environment"]?.object ?? [:]).compactMapValues(\.string)
        if each["exit"] != nil, each["proxy_answers"] == nil {
            let problems = #expect(throws: SettingsError.self) { try Self.settings(environment) }
            for name in each["message_names"]?.array?.compactMap(\.string) ?? [] {
                #expect(problems?.lines.contains { $0.contains(name) } ?? false)
            }
            return
        }
        // End-to-end tests cover proxies that refuse, and brokers.
        guard let to = each["to"]?.string, to.hasPrefix("http"), let endpoint = AWSEndpoint(to) else {
            return
        }
        let settings = try Self.settings(environment)
        let proxy = settings.proxies.route(to: endpoint.origin).proxy
        #expect(proxy.map { "\($0)" } ?? "direct" == each["through"]?.string)
        #expect(proxy?.authorization?.revealText() == each["proxy_authorization"]?.string)
        if let secret = each["never_logged"]?.string { #expect(!SettingsReport(settings).text.contains(secret)) }
    }

    @Test func `The table can be read`() {
        #expect(Self.cases("cases/proxies.json").count >= 29 && Self.cases("cases/proxies-more.json").count >= 10)
    }

    @Test func `Proxies of the environment win over those of the settings file`() throws {
        let file =
            "HTTPS_PROXY=http://file.example:1\nhttp_proxy=http://lower.example:2\nHTTP_PROXY=http://upper.example:3\n"
        let proxies = try Self.settings(["HTTPS_PROXY": "http://own.example:4"], file: file).proxies
        #expect(proxies.https?.authority == "own.example:4" && proxies.http?.authority == "lower.example:2")
    }

    @Test func `The report shows a proxy and its origin without credentials`() throws {
        let settings = try Self.settings([
            "HTTPS_PROXY": "http://orders:made-up@proxy.example:3128", "no_proxy": "a.example",
        ])
        let lines = SettingsReport(settings).lines
        let shown = try #require(lines.first { $0.name == "HTTPS_PROXY" })
        #expect(shown.value == "http://proxy.example:3128" && shown.origin == "environment")
        #expect(lines.first { $0.name == "NO_PROXY" }?.value == "a.example")
    }

    @Test func `A command that asks only a broker ignores an unusable proxy`() throws {
        let environment = ["HTTPS_PROXY": "socks5://proxy.example", "LATCHKEY_URL": "http://broker.example:8700"]
        #expect(try Self.settings(environment, need: .client).proxies.https == nil)
        #expect(throws: SettingsError.self) { try Self.settings(environment, need: .upstreams) }
    }

    @Test func `Upstreams without TLS over a network are listed once, and those on loopback are not`() throws {
        #expect(try Self.settings([:]).plainUpstreams.isEmpty)
        #expect(try Self.settings(["AWS_ENDPOINT_URL": "http://127.0.0.1:4566"]).plainUpstreams.isEmpty)
        #expect(
            try Self.settings(["AWS_ENDPOINT_URL": "http://store.example:4566"]).plainUpstreams
                .map(\.upstream) == ["http://store.example:4566"])
        #expect(
            try Self.settings(["AWS_ENDPOINT_URL_SSM": "http://[fd00::1]:80"]).plainUpstreams.map(\.upstream)
                == ["http://[fd00::1]"])
    }

    @Test(arguments: [
        ("http://collector.example:4318", "api-key=abc", true), ("http://collector.example:4318", nil, false),
        ("https://collector.example", "api-key=abc", false), ("http://127.0.0.1:4318", "api-key=abc", false),
    ])
    func `A trace collector that gets fields without TLS is one of them`(url: String, fields: String?, isListed: Bool)
        throws
    {
        var environment = ["OTEL_EXPORTER_OTLP_ENDPOINT": url]
        environment["OTEL_EXPORTER_OTLP_HEADERS"] = fields
        let listed = try Self.settings(environment).plainUpstreams
        #expect(listed.map(\.upstream) == (isListed ? [url] : []))
        #expect(listed.allSatisfy { $0.setting == "OTEL_EXPORTER_OTLP_ENDPOINT" })
    }
}

import LatchkeyCrypto
import LatchkeySettings
import Testing

@Suite struct TLSSettingsTests {
    private func read(_ tls: [String: String], listen: String = "127.0.0.1:1") -> (Settings, [String]) {
        var environment = [
            "LATCHKEY_API_KEY": "k3y-of-thirty-two-bytes-or-more-0123", "AWS_REGION": "eu-central-1",
            "LATCHKEY_LISTEN": listen,
        ]
        for (name, value) in tls { environment["LATCHKEY_TLS_\(name)"] = value }
        return Settings.examine(environment: environment, need: .server, processors: 1) { _ in nil }
    }

    @Test func `Each certificate has the key at its place, and the first is the default`() throws {
        let (settings, problems) = read(["CERT": "/a.pem, file:/b.pem", "KEY": "file:/a.key,/b.key"])
        #expect(problems.isEmpty)
        let tls = try #require(settings.tls)
        #expect(tls.pairs.map(\.certificate) == ["/a.pem", "/b.pem"] && tls.pairs.map(\.key) == ["/a.key", "/b.key"])
        #expect(tls.pairs.map(\.name) == ["default", "1"])
        #expect(tls.clientAuthorities == nil && tls.clientAuthentication == .request)
    }

    @Test func `Without certificates the broker serves plain HTTP`() { #expect(read([:]).0.tls == nil) }

    @Test func `Callers' certificates are requested, or required`() {
        let files = ["CERT": "/a.pem", "KEY": "/a.key", "CLIENT_CA": "file:/ca.pem"]
        #expect(read(files).0.tls?.clientAuthorities == "/ca.pem")
        #expect(read(files).0.tls?.clientAuthentication == .request)
        #expect(read(files.merging(["CLIENT_AUTH": "require"]) { $1 }).0.tls?.clientAuthentication == .require)
    }

    @Test(arguments: [
        (["CERT": "/a"], "LATCHKEY_TLS_CERT: "), (["KEY": "/a"], "LATCHKEY_TLS_KEY: "),
        (["CERT": "/a,/b", "KEY": "/a"], "LATCHKEY_TLS_CERT: "),
        (["CERT": "/a", "KEY": "/a,/b"], "LATCHKEY_TLS_CERT: "),
        (["CLIENT_CA": "/a"], "LATCHKEY_TLS_CLIENT_CA: "),
        (["CERT": "/a", "KEY": "/a", "CLIENT_CA": "/a,/b"], "LATCHKEY_TLS_CLIENT_CA: "),
        (["CERT": "/a", "KEY": "/a", "CLIENT_AUTH": "require"], "LATCHKEY_TLS_CLIENT_AUTH: "),
        (["CERT": "/a", "KEY": "/a", "CLIENT_CA": "/a", "CLIENT_AUTH": "Require"], "LATCHKEY_TLS_CLIENT_AUTH: "),
    ])
    func `An incomplete setup is rejected`(tls: [String: String], start: String) {
        let (settings, problems) = read(tls)
        #expect(problems.count == 1 && problems[0].hasPrefix(start), "\(problems)")
        _ = settings
    }

    @Test func `Only plain HTTP beyond loopback is a warning`() {
        #expect(read([:], listen: "0.0.0.0:1").0.warnings.count == 1)
        #expect(read(["CERT": "/a", "KEY": "/a"], listen: "0.0.0.0:1").0.warnings.isEmpty)
    }
}

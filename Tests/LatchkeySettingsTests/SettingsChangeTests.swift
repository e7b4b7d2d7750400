import LatchkeySettings
import Logging
import Testing

@Suite struct SettingsChangeTests {
    private static let key = "a-key-of-the-tests-0123456789"
    private static let files = [
        "/key": "\(key)\n", "/other-key": "another-key-of-the-tests-0123456789", "/domain": "a.example",
        "/profiles": "[]", "/other-profiles": "[]",
    ]

    private func settings(_ lines: [String], files: [String: String] = files) -> Settings {
        var files = files
        files["/settings"] = lines.joined(separator: "\n")
        return Settings.examine(
            environment: ["LATCHKEY_CONFIG": "/settings", "AWS_REGION": "eu-central-1"], need: .server, processors: 2,
            readFile: { files[$0] }
        ).settings
    }

    private static let start = ["LATCHKEY_API_KEY=\(key)", "LATCHKEY_PROFILES_FILE=/profiles"]

    private func change(_ lines: String..., from start: [String] = start) -> SettingsChange {
        SettingsChange(from: settings(start), to: settings(start + lines))
    }

    @Test func `The same text changes nothing`() {
        #expect(change().isEmpty)
        #expect(change("LATCHKEY_LOG_LEVEL=info", "LATCHKEY_SECRET_TTL=300").isEmpty, "these are the defaults")
    }

    @Test func `Each part is named by its settings`() {
        #expect(change("LATCHKEY_API_KEY=another-key-of-the-tests").names == [.key: ["LATCHKEY_API_KEY"]])
        #expect(change("LATCHKEY_LOG_LEVEL=debug").names == [.logLevel: ["LATCHKEY_LOG_LEVEL"]])
        #expect(change("LATCHKEY_PROFILES_FILE=/other-profiles").names == [.profiles: ["LATCHKEY_PROFILES_FILE"]])
        let tls = Self.start + ["LATCHKEY_TLS_CERT=/a", "LATCHKEY_TLS_KEY=/b"]
        let other = change("LATCHKEY_TLS_CERT=/c", "LATCHKEY_TLS_KEY=/d", from: tls)
        #expect(other.names == [.certificates: ["LATCHKEY_TLS_CERT", "LATCHKEY_TLS_KEY"]] && other.needRestart == [])
    }

    @Test func `A part that cannot be replaced, and every other setting, needs a restart`() {
        #expect(
            change("LATCHKEY_TLS_CERT=/a", "LATCHKEY_TLS_KEY=/b").needRestart == [
                "LATCHKEY_TLS_CERT", "LATCHKEY_TLS_KEY",
            ])
        let tls = Self.start + ["LATCHKEY_TLS_CERT=/a", "LATCHKEY_TLS_KEY=/b"]
        let two = change("LATCHKEY_TLS_CERT=/a,/c", "LATCHKEY_TLS_KEY=/b,/d", from: tls)
        #expect(two.parts == [] && two.needRestart == ["LATCHKEY_TLS_CERT", "LATCHKEY_TLS_KEY"])
        let added = change("LATCHKEY_PROFILES_FILE=/profiles", from: ["LATCHKEY_API_KEY=\(Self.key)"])
        #expect(added.parts == [] && added.needRestart == ["LATCHKEY_PROFILES_FILE"])
        let many = change("LATCHKEY_WORKERS=7", "AWS_PROFILE=a", "LATCHKEY_LOG_LEVEL=debug", "HTTPS_PROXY=http://p:1")
        #expect(many.parts == [.logLevel] && many.needRestart == ["AWS_PROFILE", "HTTPS_PROXY", "LATCHKEY_WORKERS"])
    }

    @Test func `The content of a followed file is no change, and its path is one`() {
        let start = ["LATCHKEY_API_KEY=file:/key", "AUTH0_DOMAIN=file:/domain", "LATCHKEY_PREFIX=file:/prefix"]
        var files = Self.files
        files["/prefix"] = "/a/b"
        let before = settings(start, files: files)
        for path in ["/key", "/domain", "/prefix"] { files[path] = "/other-text-0123456789" }
        let after = settings(start, files: files)
        #expect(SettingsChange(from: before, to: after).needRestart == ["LATCHKEY_PREFIX"])
        #expect(SettingsChange(from: before, to: after).parts == [])
        let moved = settings(["LATCHKEY_API_KEY=file:/other-key"] + start.dropFirst(), files: files)
        #expect(SettingsChange(from: after, to: moved).parts == [.key])
    }

    @Test func `A part that was taken over is no longer a change`() {
        var inForce = settings(Self.start)
        let new = settings(Self.start + ["LATCHKEY_LOG_LEVEL=debug", "LATCHKEY_API_KEY=another-key-of-the-tests"])
        #expect(SettingsChange(from: inForce, to: new).parts == [.key, .logLevel])
        inForce.take(.logLevel, of: new)
        #expect(inForce.logLevel == .debug && SettingsChange(from: inForce, to: new).parts == [.key])
    }

    @Test func `Two readings are settled when no file was written between them`() {
        let inForce = settings(Self.start)
        let other = settings(["LATCHKEY_API_KEY=file:/other-key"])
        #expect(!other.isSettled(since: inForce, inForce: inForce))
        #expect(other.isSettled(since: other, inForce: inForce))
        var files = Self.files
        files["/other-key"] = "another-key-of-the-tests"
        let cut = settings(["LATCHKEY_API_KEY=file:/other-key"], files: files)
        #expect(!other.isSettled(since: cut, inForce: inForce), "the new file is still being written")
        #expect(other.isSettled(since: cut, inForce: cut), "the file in force is followed anyway")
    }

    @Test(arguments: [
        ("LATCHKEY_LOG_LEVEL=debug", nil), ("AWS_ANY=1\nhttps_proxy=http://p:1\nUSE_PARAMETER_STORE=true", nil),
        ("# c\nLATCHKEY_NONSENSE=secret", "line 2: unknown setting"), ("", nil),
    ])
    func `A settings file is unusable if one of its lines is not understood`(text: String, problem: String?) {
        #expect(SettingSources.problem(ofFile: text) == problem)
        #expect(settings(Self.start + [text]).sources.isFileUsable == (problem == nil))
    }

    @Test func `A settings file that is cut off within quotes is unusable, and so is a missing one`() {
        #expect(SettingSources.problem(ofFile: "LATCHKEY_API_KEY='secret")?.hasPrefix("line 1: ") == true)
        let missing = Settings.examine(
            environment: ["LATCHKEY_CONFIG": "/none"], need: .server, processors: 2, readFile: { _ in nil })
        #expect(!missing.settings.sources.isFileUsable)
    }
}

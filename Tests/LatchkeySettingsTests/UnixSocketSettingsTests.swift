import LatchkeyNet
import LatchkeySettings
import Testing

@Suite struct UnixSocketSettingsTests {
    private func read(_ unix: [String: String]) -> (settings: Settings, problems: [String]) {
        var environment = [
            "LATCHKEY_API_KEY": "k3y-of-thirty-two-bytes-or-more-0123", "AWS_REGION": "eu-central-1",
            "LATCHKEY_LISTEN": "unix:/run/l.sock",
        ]
        for (name, value) in unix { environment["LATCHKEY_UNIX_\(name)"] = value }
        return Settings.examine(environment: environment, need: .server, processors: 1) { _ in nil }
    }

    @Test(
        arguments: [
            ("0660", 0o660), ("660", 0o660), ("0777", 0o777), ("000", 0), ("0600", 0o600),
        ] as [(String, UInt32)])
    func `The mode is octal`(text: String, mode: UInt32) {
        #expect(read(["MODE": text]).settings.unixMode == mode)
    }

    @Test func `By default user and group of the process may connect, and nothing is taken over`() {
        let (settings, problems) = read([:])
        #expect(problems.isEmpty && settings.unixMode == 0o660)
        #expect(settings.unixOwner == nil && !settings.takesOverUnixSockets)
    }

    @Test(arguments: ["broker", "broker:broker", ":broker", "1000:1000"]) func `An owner is a user, a group or both`(
        text: String
    ) {
        #expect(read(["OWNER": text]).settings.unixOwner == UnixSocketOwner(text))
    }

    @Test(arguments: [("true", true), ("false", false)]) func `A live socket is taken over on request`(
        text: String, takesOver: Bool
    ) {
        #expect(read(["TAKEOVER": text]).settings.takesOverUnixSockets == takesOver)
    }

    @Test(arguments: [
        ("MODE", "660 "), ("MODE", "1660"), ("MODE", "0680"), ("MODE", "60"), ("MODE", "00660"), ("MODE", "rw"),
        ("OWNER", ":"), ("OWNER", "a:b:c"), ("OWNER", "a b"), ("OWNER", "a:"),
        ("TAKEOVER", "yes"), ("TAKEOVER", "1"), ("TAKEOVER", "TRUE"),
    ])
    func `Another value is rejected with the setting's name`(name: String, value: String) {
        let problems = read([name: value]).problems
        #expect(problems.count == 1 && problems[0].hasPrefix("LATCHKEY_UNIX_\(name): "), "\(problems)")
    }
}

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyService
internal import LatchkeySettings

/// `latchkey token`.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print an access token.",
        discussion: """
            Asks the broker at LATCHKEY_URL if that is set, and otherwise the shared tier and the issuer. A line end \
            is added only on a terminal and with --json.
            """)

    @Argument(help: "The token profile.") var profile = "default"
    @Flag(help: "Print the whole response as JSON.") var json = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .client)
            let bytes = try await settings.url == nil ? direct(settings) : fromBroker(settings)
            try Terminal.deliver(Terminal.outputIsTerminal || json ? bytes + [0x0A] : bytes)
        }
    }

    private func fromBroker(_ settings: Settings) async throws -> [UInt8] {
        let broker = try BrokerConnection(settings)
        let target = profile == "default" ? "/token" : "/token/\(PercentEncoding.encode(profile))"
        let body = try await broker.require(target).body
        if json { return body }
        return Array((try JSON(parsing: body)["access_token"]?.string ?? "").utf8)
    }

    private func direct(_ settings: Settings) async throws -> [UInt8] {
        let access = try await DirectAccess(settings)
        guard let id = access.upstreams.tokens.profile(named: profile) else {
            throw CommandFailure(.failed, "no such token profile")
        }
        let token = try await access.token(id).entry.token
        guard json else { return token.value.reveal() }
        return JSON.object([
            "access_token": .string(token.value.revealText() ?? ""), "token_type": "Bearer",
            "expires_in": .integer(token.expiresIn(Timing.system.now())),
        ]).bytes()
    }
}

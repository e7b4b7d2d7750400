internal import ArgumentParser
internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeySettings

/// `latchkey get`.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Print the value of one secret.",
        discussion: """
            Asks the broker at LATCHKEY_URL if that is set, and otherwise the store. A line end is added only on a \
            terminal and with --json.
            """)

    @Argument(help: "The secret's key: a field of the blob, or a parameter below the prefix.") var key: String
    @Option(help: "A member of a JSON value: its name, a path as in a.b, or a JSON Pointer as in /a/b.") var field:
        String?
    @Flag(help: "Print the whole response as JSON: key, value, version, source, encoding.") var json = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .client)
            let bytes = try await settings.url == nil ? direct(settings) : fromBroker(settings)
            try Terminal.deliver(Terminal.outputIsTerminal || json ? bytes + [0x0A] : bytes)
        }
    }

    private func fromBroker(_ settings: Settings) async throws -> [UInt8] {
        let query = field.map { "?field=\(PercentEncoding.encode($0))" } ?? ""
        let target = "/secrets/\(PercentEncoding.encode(key, keeping: "/"))\(query)"
        return try await BrokerConnection(settings).require(
            target, accept: json ? "application/json" : "text/plain"
        ).body
    }

    private func direct(_ settings: Settings) async throws -> [UInt8] {
        guard let key = SecretKey(requested: key) else { throw CommandFailure(.failed, "no such secret") }
        let entry = try await DirectAccess(settings).secret(key)
        var value = entry.value
        if let field { value = try part(field, of: entry) }
        return json ? SecretResponseFormat.json(entry, value).bytes() : value.reveal()
    }

    /// A missing or unsuitable member ends the command like the broker's response to the same request.
    private func part(_ field: String, of entry: SecretEntry) throws -> Secret {
        let found: Secret?
        do throws(UpstreamFault) {
            found = try entry.field(field)
        } catch {
            throw CommandFailure(error, what: "secret")
        }
        guard let found else { throw CommandFailure(.failed, "the secret has no such field") }
        return found
    }
}

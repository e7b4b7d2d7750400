internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// `latchkey get`.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Print one secret's bare value.",
        discussion:
            "From the broker at LATCHKEY_URL, or from the store directly. A line end follows only on a terminal.")

    @Argument(help: "The secret's key: a field of the blob, or a parameter below the prefix.") var key: String
    @Option(help: "A member of a JSON value, as in a.b.") var field: String?

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .client)
            Terminal.write(try await settings.url == nil ? direct(settings) : fromBroker(settings))
            if Terminal.outputIsTerminal { Terminal.print("") }
        }
    }

    private func fromBroker(_ settings: Settings) async throws -> [UInt8] {
        let query = field.map { "?field=\(PercentEncoding.encode($0))" } ?? ""
        let target = "/secrets/\(PercentEncoding.encode(key, keeping: "/"))\(query)"
        return try await BrokerConnection(settings).require(target, accept: "text/plain").body
    }

    private func direct(_ settings: Settings) async throws -> [UInt8] {
        guard let key = SecretKey(key) else { throw CommandFailure(.notSo, "no such secret") }
        let entry = try await DirectAccess(settings).secret(key)
        guard let field else { return entry.value.reveal() }
        guard let value = entry.field(field) else { throw CommandFailure(.notSo, "the secret has no such field") }
        return value.reveal()
    }
}

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeySettings

/// `latchkey callers list`.
struct CallersListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the callers of the file.")

    @OptionGroup var store: CallersStore
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        try await finishing {
            let file = try store.callers()
            if json {
                let callers = file.callers.map(Self.json)
                return Terminal.print(
                    JSON.object(["mode": .string(file.mode.rawValue), "callers": .array(callers)]).text)
            }
            var table = Table(["id", "scopes", "credentials", "not after"])
            for caller in file.callers {
                table.add([
                    caller.caller.id, caller.caller.scopes.list.joined(separator: ","),
                    Self.credentials(caller).joined(separator: ","), Self.end(caller) ?? "-",
                ])
            }
            for line in table.lines { Terminal.print(line) }
        }
    }

    private static func json(_ caller: CallerDefinition) -> JSON {
        [
            "id": .string(caller.caller.id), "scopes": .array(caller.caller.scopes.list.map { .string($0) }),
            "credentials": .array(credentials(caller).map { .string($0) }),
            "not_after": end(caller).map { .string($0) } ?? .null,
        ]
    }

    /// The kinds of its credentials, with their number if there are several.
    private static func credentials(_ caller: CallerDefinition) -> [String] {
        let own = caller.credentials
        let counts: [(CredentialKind, Int)] = [
            (.key, own.keys.count), (.jwt, own.tokens.count), (.tls, own.uris.count + own.dnsNames.count),
            (.unix, own.users.count), (.sigv4, caller.signingSecretPath == nil ? 0 : 1),
        ]
        return counts.filter { $0.1 > 0 }.map { $1 == 1 ? $0.rawValue : "\($0.rawValue)×\($1)" }
    }

    private static func end(_ caller: CallerDefinition) -> String? { caller.caller.notAfter.map { RFC3339.format($0) } }
}

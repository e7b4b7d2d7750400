internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeySettings

/// `latchkey callers list`.
struct CallersListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the callers of the file.",
        discussion: """
            With LATCHKEY_URL, also says when each caller has last shown a valid credential to the broker there since its \
            start. LATCHKEY_API_KEY must then be a key with the scope admin.
            """)

    @OptionGroup var store: CallersStore
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        try await finishing {
            let file = try store.callers()
            let uses = try await Self.lastUses()
            if json {
                let callers = file.callers.map { Self.json($0, uses) }
                return Terminal.print(
                    JSON.object(["mode": .string(file.mode.rawValue), "callers": .array(callers)]).text)
            }
            var table = Table(["id", "scopes", "credentials", "not after"] + (uses == nil ? [] : ["last used"]))
            for caller in file.callers {
                let cells = [
                    caller.caller.id, caller.caller.scopes.list.joined(separator: ","),
                    Self.credentials(caller).joined(separator: ","), Self.end(caller) ?? "-",
                ]
                table.add(cells + (uses.map { [Self.lastUse(of: caller, $0) ?? "-"] } ?? []))
            }
            for line in table.lines { Terminal.print(line) }
        }
    }

    /// The member `callers` of the health report of the broker at `LATCHKEY_URL`; nil if that is not set.
    private static func lastUses() async throws -> JSON? {
        guard CommandEnvironment.variables[SettingName.url.rawValue] != nil else { return nil }
        let settings = try CommandEnvironment.settings(need: .client)
        // 503 has a report too.
        let response = try await BrokerConnection(settings).reach("/health")
        guard let report = try? JSON(parsing: response.body), report["status"]?.string != nil else {
            throw BrokerConnection.failure(response)
        }
        guard let callers = report["callers"] else {
            throw CommandFailure(.denied, "the key in LATCHKEY_API_KEY lacks the scope admin, which shows the last use")
        }
        return callers
    }

    private static func lastUse(of caller: CallerDefinition, _ uses: JSON) -> String? {
        uses[caller.caller.id]?["last_used"]?.string
    }

    /// - Parameter uses: nil to say nothing of them.
    private static func json(_ caller: CallerDefinition, _ uses: JSON?) -> JSON {
        var members: JSONObject = [
            "id": .string(caller.caller.id), "scopes": .array(caller.caller.scopes.list.map { .string($0) }),
            "credentials": .array(credentials(caller).map { .string($0) }),
            "not_after": end(caller).map { .string($0) } ?? .null,
        ]
        if let uses { members["last_used"] = lastUse(of: caller, uses).map { .string($0) } ?? .null }
        return .object(members)
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

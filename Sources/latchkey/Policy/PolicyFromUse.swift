internal import LatchkeyAudit
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeySettings

/// `latchkey policy --from-use`: the callers file that the traffic of an audit log needs.
struct PolicyFromUse {
    let files: [String]
    let since: WallTime?
    /// The callers file in force; nil for that of the settings.
    let callers: String?

    /// Prints the file to standard output, and what nobody used to standard error.
    func run() async throws {
        var (use, others) = (ObservedUse(), 0)
        var filter = AuditFilter()
        filter.since = since
        _ = try AuditFiles.read(files) { bytes, _ in
            guard let record = AuditRecord(bytes) else {
                others += bytes.isEmpty ? 0 : 1
                return
            }
            if filter.includes(record) { use.add(record) }
        }
        let settings = CommandEnvironment.examine(need: .broker).settings
        let result = CallersFromUse(
            use, existing: try existing(settings), storeNames: await Self.names(settings))
        Terminal.print(String(result.text.dropLast()))
        for note in result.notes { Terminal.printError(Table.clean(note)) }
        if others > 0 { Terminal.printError("\(others) lines are none of an audit log and were left out") }
    }

    private func existing(_ settings: Settings) throws -> JSON? {
        guard let path = callers ?? settings.sources.given[.callersFile]?.text else { return nil }
        guard let json = try? JSON(parsing: try SmallFile.required(path), limits: .document), json.object != nil else {
            throw CommandFailure(.usage, "\(path) is no JSON object")
        }
        return json
    }

    /// The names that the running broker lists; none if there is no LATCHKEY_URL, or the broker cannot list them.
    private static func names(_ settings: Settings) async -> [String] {
        guard settings.url != nil, settings.apiKey != nil else { return [] }
        do {
            let answer = try await BrokerConnection(settings).require("/secrets", accept: "application/json")
            return try JSON(parsing: answer.body, limits: .document).object?["names"]?.array?.compactMap(\.string) ?? []
        } catch {
            Terminal.printError("the names of all secrets are not known: the broker at LATCHKEY_URL does not list them")
            return []
        }
    }
}

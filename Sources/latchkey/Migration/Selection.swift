internal import LatchkeyCore
internal import LatchkeyMigration

/// Which secrets a command is about, and the parameters some of them go to.
struct Selection: Sendable {
    /// Every secret whose name begins with one of these.
    var prefixes: [String]
    /// Secrets by name or ARN.
    var names: [String]
    /// Parameter names by secret id.
    var map: [String: String]

    /// - Parameter mapFile: the path of a JSON object `{"secret-id": "/parameter/name"}`; its secrets are meant too.
    init(prefixes: [String], names: [String], mapFile: String?) throws {
        self.prefixes = prefixes
        map = try mapFile.map(Self.readMap) ?? [:]
        self.names = (names + map.keys.sorted()).reduce(into: []) { list, name in
            if !list.contains(name) { list.append(name) }
        }
        guard !prefixes.isEmpty || !self.names.isEmpty else {
            throw CommandFailure(
                .usage, "say which secrets: --filter-prefix your-app/prod/, --secret NAME, or --map FILE")
        }
        guard !self.names.contains("") else { throw CommandFailure(.usage, "a secret's name is empty") }
        // Every name begins with nothing: that would be every secret of the region.
        guard !prefixes.contains("") else { throw CommandFailure(.usage, "--filter-prefix is empty") }
    }

    /// Nothing but other names for some.
    init(map: [String: String]) {
        prefixes = []
        names = []
        self.map = map
    }

    private static func readMap(_ path: String) throws -> [String: String] {
        let bytes = try Files.required(path)
        guard let members = (try? JSON(parsing: bytes))?.object else {
            throw CommandFailure(.usage, "\(path) is not a JSON object of secret ids and parameter names")
        }
        var map: [String: String] = [:]
        for (secret, target) in members {
            guard let target = target.string, !target.isEmpty else {
                throw CommandFailure(.usage, "\(path): the parameter name of \(Table.clean(secret)) is not a text")
            }
            map[secret] = target
        }
        return map
    }
}

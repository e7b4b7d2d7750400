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

    /// What a journal's copies and comparisons were told, or else what it has; nil where it says nothing.
    init?(recordedIn journal: Journal) {
        self.init(map: [:])
        add(journal.selection)
        if journal.selection.isEmpty { add(journal) { _ in true } }
        guard !prefixes.isEmpty || !names.isEmpty else { return nil }
    }

    /// All that a move is about: what the journal's copies and comparisons were told, what it has, and what is said
    /// besides; nil where nothing says it.
    init?(of journal: Journal, and selected: SelectionArguments) throws {
        self = try selected.isGiven ? selected.selection() : Selection(map: [:])
        add(journal.selection)
        add(journal) { _ in true }
        guard !prefixes.isEmpty || !names.isEmpty else { return nil }
    }

    /// Adds what was recorded. A map that is not there any more says nothing; the journal has what was copied by it.
    private mutating func add(_ recorded: MoveSelection) {
        let maps = recorded.maps.compactMap { try? Self.readMap($0) }
        for map in maps { self.map.merge(map) { mine, _ in mine } }
        let known = Set(prefixes)
        prefixes += recorded.prefixes.filter { !known.contains($0) }
        let added = recorded.names + maps.flatMap { $0.keys.sorted() }
        let named = Set(names)
        names += MoveSelection(names: added).names.filter { !named.contains($0) }
    }

    /// Adds what a journal has of the secrets that are meant, with the parameters they went to.
    mutating func add(_ journal: Journal, where isMeant: (String) -> Bool) {
        var named = Set(names)
        let items = Array(journal.items.values) + Array(journal.left.values)
        for item in items where named.contains(item.secret) || isMeant(item.secret) {
            if named.insert(item.secret).inserted { names.append(item.secret) }
            if map[item.secret] == nil { map[item.secret] = item.target }
        }
    }

    private static func readMap(_ path: String) throws -> [String: String] {
        let bytes = try SmallFile.required(path)
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

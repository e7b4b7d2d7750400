internal import LatchkeyCore
internal import LatchkeyMigration

/// The secrets that a command works on, and explicit parameter names for some of them.
struct Selection: Sendable {
    /// Selects every secret whose name has one of these prefixes.
    var prefixes: [String]
    /// Selects secrets by name or ARN.
    var names: [String]
    /// Parameter names by secret id.
    var map: [String: String]

    /// - Parameter mapFile: the path of a JSON object `{"secret-id": "/parameter/name"}`. Its secrets are selected too.
    init(prefixes: [String], names: [String], mapFile: String?) throws {
        self.prefixes = prefixes
        map = try mapFile.map(Self.readMap) ?? [:]
        self.names = (names + map.keys.sorted()).reduce(into: []) { list, name in
            if !list.contains(name) { list.append(name) }
        }
        guard !prefixes.isEmpty || !self.names.isEmpty else {
            throw CommandFailure(
                .usage, "select secrets with --filter-prefix your-app/prod/, --secret NAME or --map FILE")
        }
        guard !self.names.contains("") else { throw CommandFailure(.usage, "a secret's name is empty") }
        // An empty prefix would select every secret of the region.
        guard !prefixes.contains("") else { throw CommandFailure(.usage, "--filter-prefix is empty") }
    }

    /// Selects nothing and only maps names.
    init(map: [String: String]) {
        prefixes = []
        names = []
        self.map = map
    }

    /// The recorded selection of the journal's copies and comparisons, or else its secrets; nil if the journal has
    /// neither.
    init?(recordedIn journal: Journal) {
        self.init(map: [:])
        add(journal.selection)
        if journal.selection.isEmpty { add(journal) { _ in true } }
        guard !prefixes.isEmpty || !names.isEmpty else { return nil }
    }

    /// All secrets of a migration: the journal's recorded selection, its secrets, and those of the command line; nil if
    /// there are none.
    init?(of journal: Journal, and selected: SelectionArguments) throws {
        self = try selected.isGiven ? selected.selection() : Selection(map: [:])
        add(journal.selection)
        add(journal) { _ in true }
        guard !prefixes.isEmpty || !names.isEmpty else { return nil }
    }

    /// Adds a recorded selection. A map file that no longer exists is ignored, because the journal has the secrets that
    /// were copied by it.
    private mutating func add(_ recorded: MoveSelection) {
        let maps = recorded.maps.compactMap { try? Self.readMap($0) }
        for map in maps { self.map.merge(map) { mine, _ in mine } }
        let known = Set(prefixes)
        prefixes += recorded.prefixes.filter { !known.contains($0) }
        let added = recorded.names + maps.flatMap { $0.keys.sorted() }
        let named = Set(names)
        names += MoveSelection(names: added).names.filter { !named.contains($0) }
    }

    /// Adds the journal's selected secrets with their parameters.
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
            throw CommandFailure(.usage, "\(path) is not a JSON object that maps secret ids to parameter names")
        }
        var map: [String: String] = [:]
        for (secret, target) in members {
            guard let target = target.string, !target.isEmpty else {
                throw CommandFailure(
                    .usage, "\(path): the parameter name of \(Table.clean(secret)) is not a non-empty string")
            }
            map[secret] = target
        }
        return map
    }
}

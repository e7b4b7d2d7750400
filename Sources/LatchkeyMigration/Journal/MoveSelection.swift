internal import LatchkeyCore

/// The secrets a move covers, as the command line selects them.
///
/// The journal keeps the selection, so that later commands cover the same secrets and can print it.
package struct MoveSelection: Hashable, Sendable {
    /// The most names in a printed command. With more, the command asks the reader for the selection.
    package static let maxPrintedNames = 100

    /// `--filter-prefix`.
    package private(set) var prefixes: [String]
    /// `--secret`: names or ARNs.
    package private(set) var names: [String]
    /// `--map`: absolute paths.
    package private(set) var maps: [String]

    package init(prefixes: [String] = [], names: [String] = [], maps: [String] = []) {
        (self.prefixes, self.names, self.maps) = ([], [], [])
        add(prefixes, names, maps)
    }

    package var isEmpty: Bool { prefixes.isEmpty && names.isEmpty && maps.isEmpty }

    /// Whether one of the prefixes selects the secret.
    package func hasPrefix(of name: String) -> Bool { prefixes.contains { name.utf8.starts(with: $0.utf8) } }

    /// Both selections, with each prefix, name and map once.
    package func union(_ other: MoveSelection) -> MoveSelection {
        var all = self
        all.add(other.prefixes, other.names, other.maps)
        return all
    }

    /// Adds what is new and drops the names that a prefix selects.
    private mutating func add(_ prefixes: [String], _ names: [String], _ maps: [String]) {
        for prefix in prefixes where !self.prefixes.contains(prefix) { self.prefixes.append(prefix) }
        for name in self.names + names where !self.names.contains(name) { self.names.append(name) }
        self.names = self.names.filter { !hasPrefix(of: $0) }
        for map in maps where !self.maps.contains(map) { self.maps.append(map) }
    }

    /// The command-line arguments for this selection; nil if it is empty, has several maps (no command takes more than
    /// one), or has more than ``maxPrintedNames`` names.
    package var arguments: [String]? {
        guard !isEmpty, names.count <= Self.maxPrintedNames, maps.count <= 1 else { return nil }
        return prefixes.flatMap { ["--filter-prefix", $0] } + names.flatMap { ["--secret", $0] }
            + maps.flatMap { ["--map", $0] }
    }

    /// The selection as the journal keeps it: JSON text.
    package var text: String {
        let json: JSON = [
            "prefixes": .array(prefixes.map { .string($0) }), "names": .array(names.map { .string($0) }),
            "maps": .array(maps.map { .string($0) }),
        ]
        return json.text
    }

    /// Reads ``text``; nil for anything that is not a JSON object.
    package init?(_ text: String) {
        guard let json = try? JSON(parsing: Array(text.utf8), limits: .ownFile), json.object != nil else { return nil }
        let strings = { (name: String) in (json[name]?.array ?? []).compactMap(\.string) }
        self.init(prefixes: strings("prefixes"), names: strings("names"), maps: strings("maps"))
    }
}

extension Journal {
    /// The member of a run's details that holds the selection.
    package static let selectionDetail = "selection"

    /// Everything that the copies and verifies of this journal covered; empty if none recorded it.
    package var selection: MoveSelection {
        runs.lazy.compactMap { $0.details[Self.selectionDetail].flatMap { MoveSelection($0) } }
            .reduce(MoveSelection()) { $0.union($1) }
    }
}

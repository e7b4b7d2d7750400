internal import LatchkeyCore

/// Which secrets a move is about, as it was said on the command line. The journal keeps it, so that later commands are
/// about the same secrets and can print it.
package struct MoveSelection: Hashable, Sendable {
    /// Names that a command is printed with; past that a reader has to say which secrets are meant.
    package static let mostNamed = 100

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

    /// Whether a prefix means the secret.
    package func hasPrefix(of name: String) -> Bool { prefixes.contains { name.utf8.starts(with: $0.utf8) } }

    /// Both, each prefix, name and map once.
    package func union(_ other: MoveSelection) -> MoveSelection {
        var all = self
        all.add(other.prefixes, other.names, other.maps)
        return all
    }

    /// What one of the prefixes means is left out.
    private mutating func add(_ prefixes: [String], _ names: [String], _ maps: [String]) {
        for prefix in prefixes where !self.prefixes.contains(prefix) { self.prefixes.append(prefix) }
        for name in self.names + names where !self.names.contains(name) { self.names.append(name) }
        self.names = self.names.filter { !hasPrefix(of: $0) }
        for map in maps where !self.maps.contains(map) { self.maps.append(map) }
    }

    /// The same as arguments; nil where no command takes it: without any, with several maps, or with more than
    /// ``mostNamed`` names.
    package var arguments: [String]? {
        guard !isEmpty, names.count <= Self.mostNamed, maps.count <= 1 else { return nil }
        return prefixes.flatMap { ["--filter-prefix", $0] } + names.flatMap { ["--secret", $0] }
            + maps.flatMap { ["--map", $0] }
    }

    /// As a journal keeps it.
    package var text: String {
        let json: JSON = [
            "prefixes": .array(prefixes.map { .string($0) }), "names": .array(names.map { .string($0) }),
            "maps": .array(maps.map { .string($0) }),
        ]
        return json.text
    }

    /// Nil for what is no selection.
    package init?(_ text: String) {
        guard let json = try? JSON(parsing: Array(text.utf8), limits: .ownFile), json.object != nil else { return nil }
        let strings = { (name: String) in (json[name]?.array ?? []).compactMap(\.string) }
        self.init(prefixes: strings("prefixes"), names: strings("names"), maps: strings("maps"))
    }
}

extension Journal {
    /// What a run's details call the selection.
    package static let selectionDetail = "selection"

    /// What the copies and comparisons of this journal were about; empty where it does not say.
    package var selection: MoveSelection {
        runs.lazy.compactMap { $0.details[Self.selectionDetail].flatMap { MoveSelection($0) } }
            .reduce(MoveSelection()) { $0.union($1) }
    }
}

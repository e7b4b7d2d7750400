internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration

/// The options that select secrets, for all commands.
struct SelectionArguments: ParsableArguments {
    @Option(help: ArgumentHelp("All secrets whose names begin with this; may be repeated.", valueName: "prefix"))
    var filterPrefix: [String] = []
    @Option(help: ArgumentHelp("One secret; may be repeated.", valueName: "name")) var secret: [String] = []
    @Option(help: ArgumentHelp("JSON file that maps secret ids to parameter names.", valueName: "file"))
    var map: String?

    func selection() throws -> Selection {
        try Selection(prefixes: filterPrefix, names: secret, mapFile: map)
    }

    var isGiven: Bool { !filterPrefix.isEmpty || !secret.isEmpty || map != nil }

    /// The selection of the command line, or else the journal's.
    func selection(orOf journal: Journal) throws -> Selection {
        guard !isGiven, let recorded = Selection(recordedIn: journal) else { return try selection() }
        return recorded
    }

    /// The selection as given.
    var given: MoveSelection { MoveSelection(prefixes: filterPrefix, names: secret, maps: [map].compactMap { $0 }) }

    /// The selection with absolute paths, for the journal.
    var recorded: MoveSelection {
        MoveSelection(prefixes: filterPrefix, names: secret, maps: [map].compactMap { $0.map(OwnFile.absolute) })
    }
}

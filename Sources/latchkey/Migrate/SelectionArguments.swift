internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration

/// Which secrets: what all the commands take.
struct SelectionArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Every secret whose name begins so; may be repeated.", valueName: "prefix"))
    var filterPrefix: [String] = []
    @Option(help: ArgumentHelp("One secret; may be repeated.", valueName: "name")) var secret: [String] = []
    @Option(help: ArgumentHelp("JSON file of secret ids and the parameters they go to.", valueName: "file"))
    var map: String?

    func selection() throws -> Selection {
        try Selection(prefixes: filterPrefix, names: secret, mapFile: map)
    }

    var isGiven: Bool { !filterPrefix.isEmpty || !secret.isEmpty || map != nil }

    /// What is said; else what the journal's copies and comparisons were told.
    func selection(orOf journal: Journal) throws -> Selection {
        guard !isGiven, let recorded = Selection(recordedIn: journal) else { return try selection() }
        return recorded
    }

    /// As it was said.
    var said: MoveSelection { MoveSelection(prefixes: filterPrefix, names: secret, maps: [map].compactMap { $0 }) }

    /// As a journal keeps it: good in any folder.
    var recorded: MoveSelection {
        MoveSelection(prefixes: filterPrefix, names: secret, maps: [map].compactMap { $0.map(OwnFile.absolute) })
    }
}

internal import ArgumentParser
internal import LatchkeyCore

/// Finds a mistyped command before the parser, which names none that may have been meant.
enum UnknownCommand {
    /// The greatest number of bytes in which a command differs from the one that is proposed.
    private static let maxDistance = 2

    /// The message if the arguments name a command that does not exist; nil otherwise.
    ///
    /// - Parameter arguments: those of the command line, without the program's name.
    static func message(_ arguments: [String], root: any ParsableCommand.Type) -> String? {
        var (path, command) = ("latchkey", root)
        for argument in arguments {
            let commands = command.configuration.subcommands
            // An option, and the parser's own command.
            if commands.isEmpty || argument.hasPrefix("-") || argument == "help" { return nil }
            guard let next = commands.first(where: { $0.configuration.commandName == argument }) else {
                return message(argument, of: commands, path)
            }
            command = next
            path += " \(argument)"
        }
        return nil
    }

    private static func message(_ word: String, of commands: [any ParsableCommand.Type], _ path: String) -> String {
        let names = commands.compactMap { $0.configuration.commandName }
        let start = "there is no command `\(path) \(Table.clean(String(word.prefix(64))))`"
        guard let nearest = EditDistance.nearest(to: String(word.prefix(64)), among: names, limit: maxDistance) else {
            return "\(start): `\(path) --help` lists all"
        }
        return "\(start): did you mean `\(path) \(nearest)`?"
    }
}

internal import ArgumentParser
internal import Glibc
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeySettings

/// `latchkey init`.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a settings file, a callers file with one key, and the policy to attach.",
        discussion: """
            Asks on a terminal for what no option says. Writes latchkey.env, callers.json and policy.json with mode \
            0600, and prints the key, once. Existing files are kept without --force.
            """)

    @Option(help: "The folder to write to.") var folder = "."
    @Option(help: "Parameter path, such as /orders/prod (LATCHKEY_PREFIX).") var prefix: String?
    @Option(help: "AWS region (AWS_REGION).") var region: String?
    @Option(help: "Addresses to listen on (LATCHKEY_LISTEN).") var listen: String?
    @Option(help: "The id of the first caller. Default: app.") var caller: String?
    @Option(help: "Comma-separated patterns of the secrets that it may have. Default: **,secrets.") var secrets: String?
    @Option(help: "The account of the policy. Default: any account.") var account: String?
    @Flag(help: "Replace existing files.") var force = false

    func validate() throws {
        guard account.map({ AccountID($0) != nil }) ?? true else {
            throw ValidationError("--account must be twelve digits")
        }
    }

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let answers = try InitAnswers(
                InitAnswers.Given(
                    prefix: prefix, region: region, listen: listen, caller: caller, secrets: secrets, account: account),
                isTerminal: StandardInput.isTerminal, ask: Self.ask)
            var place = OwnFile.absolute(folder == "." ? "" : folder)
            while place.count > 1, place.hasSuffix("/") { place.removeLast() }
            let files = try InitFiles(answers, folder: place)
            try files.write(replaces: force)
            try Terminal.deliver(files.key.reveal() + [0x0A])
            Terminal.writeError(Self.explanation(files, answers))
        }
    }

    private static func ask(_ question: String, _ value: String?) throws -> String {
        Terminal.writeError("\(question)\(value.map { " [\($0)]" } ?? ""): ")
        guard let line = readLine() else { throw CommandFailure(.failed, "nothing was written") }
        let answer = String(decoding: ASCII.trimmingBlanks(Array(line.utf8)[...]), as: UTF8.self)
        if !answer.isEmpty { return answer }
        guard let value else { return try ask(question, value) }
        return value
    }

    private static func explanation(_ files: InitFiles, _ answers: InitAnswers) -> String {
        let path = ShellWord.quoted(files.settingsPath)
        return """

            This is the key of \(Table.clean(answers.caller)). It is in no file and is not shown again.

            \(files.settingsPath)  settings
            \(files.callersPath)  the callers; `latchkey callers add` adds one
            \(files.policyPath)  the permissions that the broker's role in AWS needs

            next:
              aws iam put-role-policy --role-name ROLE --policy-name latchkey \\
                --policy-document file://\(files.policyPath)
              LATCHKEY_CONFIG=\(path) latchkey doctor
              latchkey serve --config \(path)

            """
    }
}

internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeySettings
internal import LatchkeyUpstream

/// The files that `latchkey init` writes, and the key of the first caller, of which the files have only the digest.
struct InitFiles: Sendable {
    let settingsPath: String
    let callersPath: String
    let policyPath: String
    let key: Secret
    private let texts: [(path: String, text: String)]

    /// - Parameter folder: absolute, without a slash at its end.
    /// - Throws: all problems of the answers. Nothing has been written then.
    init(_ answers: InitAnswers, folder: String) throws {
        settingsPath = "\(folder)/latchkey.env"
        callersPath = "\(folder)/callers.json"
        policyPath = "\(folder)/policy.json"
        key = CallerKey.make()
        let lines = [
            ("AWS_REGION", answers.region), (SettingName.prefix.rawValue, answers.prefix),
            (SettingName.listen.rawValue, answers.listen), (SettingName.callersFile.rawValue, callersPath),
        ]
        texts = [
            (callersPath, try Self.callers(answers, key)), (policyPath, try Self.policy(answers, key)),
            // Last, because with it the broker can be started.
            (settingsPath, Self.settings(lines)),
        ]
    }

    /// Writes the files, each with mode 0600.
    ///
    /// - Parameter replaces: whether existing files are replaced. Otherwise nothing is written if one exists.
    func write(replaces: Bool) throws {
        for (path, _) in texts {
            if case .file = try OwnFile.inspect(at: path), !replaces {
                throw CommandFailure(.failed, "\(path) exists and was not changed: use --force to replace it")
            }
        }
        for (path, text) in texts {
            do throws(DurableFile.Failure) {
                try DurableFile.write(Array(text.utf8), to: path)
            } catch {
                throw CommandFailure(.failed, "cannot write \(path): \(OwnFile.reason(error.code))")
            }
        }
    }

    // MARK: Texts

    /// Values with other characters than those that need no quotes are in single quotes, which systemd, dotenv and the
    /// broker read in the same way.
    private static func settings(_ lines: [(name: String, value: String)]) -> String {
        let start = """
            # Settings of Latchkey, for `latchkey serve --config` or LATCHKEY_CONFIG. `latchkey config` shows all of them.

            """
        return start + lines.map { "\($0.name)=\(quoted($0.value))\n" }.joined()
    }

    private static func quoted(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { ASCII.isLetterOrDigit($0) || "/_.-:,[]".utf8.contains($0) }
        return isPlain ? value : "'\(value)'"
    }

    private static func callers(_ answers: InitAnswers, _ key: Secret) throws -> String {
        let patterns = answers.secrets.split(separator: ",").map { JSON.string(String($0)) }
        let digest = key.withBytes { SHA256.hash($0) }
        let text: String
        do throws(CallersFileEdit.Problem) {
            text = try CallersFileEdit(CallersFileEdit.empty).adding([
                ("id", .string(answers.caller)), ("key_sha256", [.string(digest.hex)]),
                ("scopes", ["token", "secrets"]), ("secrets", .array(patterns)),
            ])
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
        let problems = CallersFile(text).problems
        guard problems.isEmpty else { throw CommandFailure(.usage, problems.joined(separator: "; ")) }
        return text
    }

    /// The permissions of the broker with these settings. They are checked as `serve` checks them.
    private static func policy(_ answers: InitAnswers, _ key: Secret) throws -> String {
        let environment = [
            "AWS_REGION": answers.region, SettingName.prefix.rawValue: answers.prefix,
            SettingName.listen.rawValue: answers.listen,
            // In place of the callers file, which does not exist yet.
            SettingName.apiKey.rawValue: key.revealText() ?? "",
        ]
        let (settings, problems) = CommandEnvironment.examine(environment: environment, need: .server)
        guard problems.isEmpty else { throw SettingsError(lines: problems) }
        let place = PolicyPlace(
            region: settings.aws.region, account: answers.account ?? PolicyPlace.anyAccount, prefix: settings.prefix)
        return RuntimePolicy(place: place, settings).document.text + "\n"
    }
}

internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto

extension SettingsReader {
    /// Reads the callers file. The key must have been read.
    mutating func readCallers(_ settings: inout Settings, _ readFile: (String) -> String?) {
        guard let path = text(.callersFile) else { return }
        guard let content = readFile(path) else { return reject(.callersFile, SettingSources.unreadable(path)) }
        let file = CallersFile(content)
        let keys = settings.apiKey.map { KeyRotation($0).digests } ?? []
        for problem in file.problems + [file.conflict(withKeys: keys)].compactMap(\.self) {
            reject(.callersFile, problem)
        }
        settings.callers = file
        settings.callersPath = path
        settings.callersText = Secret(FileReader.withoutLineEnd(Array(content.utf8)))
    }
}

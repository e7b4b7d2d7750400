internal import LatchkeySettings

/// Fuzzes the reader of settings files: systemd and dotenv readers find the same values, the kind of line end changes
/// nothing, a printed report can be read back, and no message contains a secret. The input is the file and, after a zero byte,
/// the profiles file.
enum SettingsFuzz {
    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        // The reader gets only UTF-8.
        guard let text = String(validating: parts.first ?? [], as: UTF8.self) else { return }
        let profiles = parts.count > 1 ? String(validating: parts[1], as: UTF8.self) : nil
        let file = SettingsFile(text)
        try checkLines(file, text)
        // One rejected line makes the whole file unusable.
        guard file.errors.isEmpty else { return }
        try checkReaders(file, text)
        // A report may show the content of `file:/path` if the setting is not a secret.
        let isOnlyInSettings = !(profiles.map { PlantedSecret.holds($0) } ?? false)
        try checkSettings(text, profiles, isPlanted: isOnlyInSettings && isPlanted(Array(text.utf8)))
    }

    private static func isPlanted(_ bytes: [UInt8]) -> Bool {
        PlantedSecret.isPlanted(
            in: bytes, behind: ["LATCHKEY_API_KEY", "AUTH0_CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY"])
    }

    // MARK: The file

    private static func checkLines(_ file: SettingsFile, _ text: String) throws(FuzzViolation) {
        var lines = PlainSettingsReader.lines(of: text)
        let numbers = file.assignments.map(\.line) + file.errors.map(\.line)
        try require(numbers.allSatisfy { (1...lines.count).contains($0) }, "each line number exists in the file")
        try require(Set(numbers).count == numbers.count, "each line counts once")
        for separator in ["\n", "\r", "\r\n"] {
            let other = SettingsFile(lines.joined(separator: separator))
            let isSame = other.assignments == file.assignments && other.errors == file.errors
            try require(isSame, "CR, LF and CR LF mean the same")
        }
        let place = Int(text.utf8.first ?? 0) % (lines.count + 1)
        lines.insert(contentsOf: ["# a comment", "", "; another"], at: place)
        if place > 0 || !text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) {
            let other = SettingsFile(lines.joined(separator: "\n"))
            let isSame = other.assignments.map { [$0.name, $0.value] } == file.assignments.map { [$0.name, $0.value] }
            try require(isSame && other.errors.count == file.errors.count, "comments and blank lines change nothing")
        }
        for assignment in file.assignments {
            guard let written = SettingsFile.written(assignment.value) else { continue }
            let again = SettingsFile("\(assignment.name)=\(written)").assignments.first
            let isSame = again.map { $0.value.utf8.elementsEqual(assignment.value.utf8) } ?? false
            try require(isSame, "a written value is read back unchanged")
        }
    }

    /// Checks that systemd and dotenv readers find exactly the values that Latchkey found.
    private static func checkReaders(_ file: SettingsFile, _ text: String) throws(FuzzViolation) {
        let found = Dictionary(file.assignments.map { ($0.name, $0.value) }) { $1 }
        let systemd = PlainSettingsReader.systemd(text)
        try require(Set(systemd.keys) == Set(found.keys), "systemd finds the same names")
        for (name, value) in found {
            // systemd appends a comment after a closing quote to the value. That is never intended.
            let tail = (systemd[name] ?? "").utf8.dropFirst(value.utf8.count)
            let isSame = systemd[name].map { $0.utf8.starts(with: value.utf8) } ?? false
            try require(isSame && (tail.isEmpty || tail.first == UInt8(ascii: "#")), "systemd finds the same values")
        }
        let dotenv = PlainSettingsReader.dotenv(text)
        try require(Set(dotenv.keys) == Set(found.keys), "dotenv readers find the same names")
        let isSame = found.allSatisfy { name, value in dotenv[name].map { $0.utf8.elementsEqual(value.utf8) } ?? false }
        try require(isSame, "dotenv readers find the same values")
    }

    // MARK: The settings

    private static func checkSettings(_ text: String, _ profiles: String?, isPlanted: Bool) throws(FuzzViolation) {
        let outcome = load(text, profiles)
        switch outcome {
        case .failure(let problems):
            try require(!problems.lines.isEmpty, "rejected settings have a problem")
            guard isPlanted else { return }
            try require(!problems.lines.contains { PlantedSecret.holds($0) }, "no message contains a secret")
        case .success(let settings):
            let report = SettingsReport(settings)
            if isPlanted { try require(!PlantedSecret.holds(report.text), "no report contains a secret") }
            try checkBounds(settings)
            guard case .success(let again) = load(report.text, profiles) else {
                throw FuzzViolation(description: "a printed report can be read back")
            }
            let second = SettingsReport(again)
            let isSame = zip(report.lines, second.lines).allSatisfy { first, second in
                first.value == second.value || !report.text.contains("\n\(first.name)=")
            }
            try require(isSame, "a printed report is read back unchanged")
        }
    }

    private static func load(_ text: String, _ profiles: String?) -> Result<Settings, SettingsError> {
        Result { () throws(SettingsError) in
            try Settings.load(
                environment: ["LATCHKEY_CONFIG": "/file", "AWS_REGION": "eu-central-1"], need: .client, processors: 2
            ) { $0 == "/file" ? text : profiles }
        }
    }

    private static func checkBounds(_ settings: Settings) throws(FuzzViolation) {
        try require((1...256).contains(settings.workers), "the number of workers is within its bounds")
        try require((1...1_000_000).contains(settings.maxConnections), "the number of connections is within its bounds")
        let times = [settings.secretTTL, settings.negativeTTL, settings.staleTTL, settings.tokenExpiryBuffer]
        try require(times.allSatisfy { $0 >= .zero && $0 <= .seconds(604_800) }, "times are within their bounds")
        try require(settings.upstreamTimeout >= .seconds(1), "an upstream has time to answer")
        // Only the service itself gets sockets from systemd.
        let usesActivation = settings.sources.given[.listen]?.text.contains("systemd") ?? false
        try require(!settings.listen.isEmpty || usesActivation, "there is an address to listen at")
        try require(settings.prefix.hasPrefix("/") && !settings.prefix.hasSuffix("/"), "a prefix is a path")
    }
}

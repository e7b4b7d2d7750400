internal import LatchkeyUpstream

/// Fuzzes the reader of shared AWS files: line ends, comments and blank lines change nothing, the sections can be written and
/// read back, and no error contains a secret. The input is the config file and, after a zero byte, the credentials file.
enum SharedConfigFuzz {
    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0) }
        let files = (config: parts.first ?? [], credentials: parts.count > 1 ? parts[1] : nil)
        try check(files.config, .config)
        if let credentials = files.credentials { try check(credentials, .credentials) }
        try checkPlan(files, isPlanted: PlantedSecret.isPlanted(in: bytes, behind: ["aws_secret_access_key"]))
    }

    private typealias Outcome = Result<[SharedConfigSection], SharedConfigSyntaxError>

    private static func parse(_ bytes: [UInt8]) -> Outcome {
        Result { () throws(SharedConfigSyntaxError) in try SharedConfigParser.parse(bytes) }
    }

    private static func check(_ bytes: [UInt8], _ kind: SharedConfigFile.Kind) throws(FuzzViolation) {
        let outcome = parse(bytes)
        try checkLineEnds(bytes, outcome)
        switch outcome {
        case .failure(let error):
            try require((1...lines(of: bytes)).contains(error.line), "an error names a line of the file")
        case .success(let sections):
            try checkSections(sections, bytes)
            try checkAdditions(sections, bytes)
            try checkWriting(sections)
            try checkFile(sections, bytes, kind)
        }
    }

    /// The number of lines; an empty file has one.
    private static func lines(of bytes: [UInt8]) -> Int { unified(bytes).count { $0 == 0x0A } + 1 }

    /// The text with LF for each line end.
    private static func unified(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0A, index > 0, bytes[index - 1] == 0x0D { continue }
            result.append(byte == 0x0D ? 0x0A : byte)
        }
        return result
    }

    private static func checkLineEnds(_ bytes: [UInt8], _ outcome: Outcome) throws(FuzzViolation) {
        let lineFeeds = unified(bytes)
        try require(parse(lineFeeds) == outcome, "CR, LF and CR LF mean the same")
        let pairs = lineFeeds.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
        try require(parse(pairs) == outcome, "LF and CR LF mean the same")
    }

    // MARK: Sections

    private static func checkSections(_ sections: [SharedConfigSection], _ bytes: [UInt8]) throws(FuzzViolation) {
        let count = lines(of: bytes)
        var (headers, before): (Set<[UInt8]>, Int) = ([], 0)
        for section in sections {
            try require(headers.insert(Array(section.header.utf8)).inserted, "sections with the same header are merged")
            try require(
                !section.header.isEmpty && !section.header.contains("]"),
                "a header is not empty and contains no bracket")
            try require((before + 1...count).contains(section.line), "sections are in the order of the file")
            before = section.line
            for (name, property) in section.properties {
                try require((section.line + 1...count).contains(property.line), "a setting is below its section header")
                let isName = !name.isEmpty && name.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }
                try require(
                    isName && isTrimmed(name) && name == name.lowercased(),
                    "a name is printable, trimmed and in lower case")
                try require(!name.contains("=") && !name.contains(":"), "a name contains no separator")
                try check(property.value)
            }
            for (name, line) in section.replacements {
                let last = section.properties[name]?.line ?? 0
                try require(
                    (section.line + 1...last).contains(line), "a replaced setting is above the one that replaced it")
            }
        }
    }

    private static func check(_ value: SharedConfigProperty.Value) throws(FuzzViolation) {
        switch value {
        case .text(let plain, let whole):
            try require(isTrimmed(plain) && isTrimmed(whole), "a value has no leading and trailing blanks")
            let heads = (plain.prefix { $0 != "\n" }, whole.prefix { $0 != "\n" })
            try require(heads.1.utf8.starts(with: heads.0.utf8), "a comment follows the value")
            let tails = (plain.utf8.dropFirst(heads.0.utf8.count), whole.utf8.dropFirst(heads.1.utf8.count))
            try require(tails.0.elementsEqual(tails.1), "only the first line has a comment")
        case .block(let nested):
            try require(!nested.isEmpty, "a nested block is not empty")
            for setting in nested {
                let isName = !setting.name.isEmpty && isTrimmed(setting.name) && !setting.name.contains("=")
                try require(isName && isTrimmed(setting.value), "a nested setting has a name and a value")
            }
        }
    }

    private static func isTrimmed(_ text: String) -> Bool {
        let isBlank: (UInt8?) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        return !isBlank(text.utf8.first) && !isBlank(text.utf8.last)
    }

    // MARK: Equivalent texts

    private static func checkAdditions(_ sections: [SharedConfigSection], _ bytes: [UInt8]) throws(FuzzViolation) {
        var rows = unified(bytes).split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
        // At an offset that the input itself determines.
        let place = Int(bytes.first ?? 0) % (rows.count + 1)
        // Comments may be anywhere, but a blank line within a value would become part of it.
        rows.insert(contentsOf: [Array("# a comment".utf8), Array(" ; another".utf8)], at: place)
        rows += [[], Array("  ".utf8)]
        guard case .success(let found) = parse(Array(rows.joined(separator: [0x0A]))) else {
            throw FuzzViolation(description: "comments and blank lines are allowed everywhere")
        }
        try require(values(found) == values(sections), "comments and blank lines change nothing")
    }

    private static func checkWriting(_ sections: [SharedConfigSection]) throws(FuzzViolation) {
        guard case .success(let found) = parse(Array(text(sections).utf8)) else {
            throw FuzzViolation(description: "written sections can be read back")
        }
        try require(values(found) == values(sections), "written sections are read back unchanged")
    }

    private typealias Values = [[UInt8]: [String: SharedConfigProperty.Value]]

    private static func values(_ sections: [SharedConfigSection]) -> Values {
        sections.reduce(into: [:]) { $0[Array($1.header.utf8)] = $1.properties.mapValues(\.value) }
    }

    private static func text(_ sections: [SharedConfigSection]) -> String {
        var lines: [String] = []
        for section in sections {
            lines.append("[\(section.header)]")
            for (name, property) in section.properties {
                switch property.value {
                case .text(let plain, let whole):
                    // A blank before a value that begins with # would turn it into a comment.
                    let rows = whole.split(separator: "\n", omittingEmptySubsequences: false)
                    lines.append("\(name)=\(plain.isEmpty ? " " : "")\(rows.first ?? "")")
                    lines += rows.dropFirst().map { "  \($0)" }
                case .block(let nested):
                    lines.append("\(name)=")
                    lines += nested.map { "  \($0.name)=\($0.value)" }
                }
            }
        }
        return lines.joined(separator: "\n")
    }

    // MARK: Files

    private static func checkFile(
        _ sections: [SharedConfigSection], _ bytes: [UInt8], _ kind: SharedConfigFile.Kind
    ) throws(FuzzViolation) {
        let file: SharedConfigFile
        do throws(SharedConfigError) {
            file = try SharedConfigFile(bytes, path: "/file", kind: kind)
        } catch {
            return try require((1...lines(of: bytes)).contains(error.line ?? 0), "an error names a line of the file")
        }
        for section in sections where kind == .credentials || section.header.utf8.elementsEqual("default".utf8) {
            let header = section.header
            let isPlain = header.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            // In the config file, `[profile default]` replaces `[default]`.
            guard isPlain, header != "DEFAULT", kind == .credentials || sections.count == 1 else { continue }
            let names = file.profile(header)?.names.sorted()
            try require(names == section.properties.keys.sorted(), "a profile has the settings of its section")
        }
    }

    private static func checkPlan(
        _ files: (config: [UInt8], credentials: [UInt8]?), isPlanted: Bool
    ) throws(FuzzViolation) {
        let environment = ["AWS_REGION": "eu-central-1", "HOME": "/home/me"]
        let read: (String) -> SharedFileContent = { path in
            path.hasSuffix("/config") ? .bytes(files.config) : files.credentials.map { .bytes($0) } ?? .absent
        }
        let configuration = AWSConfiguration(environment: environment, readSharedFile: read)
        var errors = configuration.problems.map { "\($0.name): \($0.description)" }
        do throws(SharedConfigError) {
            let shared = try SharedFiles(environment: environment, read: read)
            _ = try CredentialPlanner(environment: environment, files: shared).decide()
        } catch {
            errors.append(error.description)
        }
        guard isPlanted else { return }
        try require(!errors.contains { PlantedSecret.holds($0) }, "no error contains a secret")
    }
}

package import LatchkeyCore

/// The callers file that observed traffic needs, and what an existing file grants beyond it. Pure.
package struct CallersFromUse: Sendable {
    /// The file, indented.
    package let text: String
    /// What nobody used, and what to do before the file is used: one line each.
    package let notes: [String]

    /// - Parameters:
    ///   - existing: the callers file in force, whose credentials are kept; nil for none.
    ///   - storeNames: the names of all secrets; empty if they are not known.
    package init(_ use: ObservedUse, existing: JSON?, storeNames: [String] = []) {
        let entries = existing?.object?["callers"]?.array ?? []
        var (callers, notes) = ([JSON](), [String]())
        var known: Set<String> = []
        for entry in entries {
            guard let members = entry.object, let id = members["id"]?.string else { continue }
            known.insert(id)
            guard let used = use.callers[id] else {
                notes.append("caller \(id) made no request: it is left out")
                continue
            }
            callers.append(Self.caller(id, used, members))
            notes += Self.doubts(id, used)
            notes += Self.unused(id, used, members)
        }
        for (id, used) in use.callers.sorted(by: { $0.key < $1.key }) where !known.contains(id) {
            callers.append(Self.caller(id, used, [:]))
            notes += Self.doubts(id, used)
            notes.append("caller \(id) has no entry in the callers file: give it a credential")
        }
        let read = use.callers.values.reduce(into: Set<String>()) { $0.formUnion($1.secrets) }
        notes += storeNames.filter { !read.contains($0) }.sorted().map { "secret \($0) was read by nobody" }
        if use.isTruncated { notes.append("more than \(ObservedUse.maxNames) names were read: the rest is left out") }
        var file: [(String, JSON)] = [("mode", "enforce")]
        if let issuers = existing?.object?["issuers"] { file.append(("issuers", issuers)) }
        file.append(("callers", .array(callers)))
        text = Self.indented(.object(JSONObject(file)), 0) + "\n"
        self.notes = notes
    }

    private static let grants: Set<String> = ["id", "scopes", "secrets", "profiles"]

    private static func caller(_ id: String, _ use: ObservedUse.CallerUse, _ existing: JSONObject) -> JSON {
        var members: [(String, JSON)] = [("id", .string(id))]
        members += existing.filter { !grants.contains($0.key) }.map { ($0.key, $0.value) }
        var scopes = use.scopes
        // Any scope but `metrics` opens /health. This one gives nothing without `secrets`.
        if scopes.isEmpty || use.readsHealth && scopes == ["metrics"] { scopes.insert("secrets") }
        members.append(("scopes", .array(scopes.sorted().map { .string($0) })))
        let patterns = Set(use.secrets.compactMap(Self.pattern)).sorted()
        if !patterns.isEmpty { members.append(("secrets", .array(patterns.map { .string($0) }))) }
        // Absent profiles mean the default profile.
        if !use.profiles.isEmpty, use.profiles != ["default"] {
            members.append(("profiles", .array(use.profiles.sorted().map { .string($0) })))
        }
        return .object(JSONObject(members))
    }

    /// The pattern that gives a secret; nil if its name is too long for one.
    ///
    /// A star in a name has no other spelling, so its pattern gives more names. So does that of a name that begins with `!`,
    /// which would take away instead.
    private static func pattern(_ name: String) -> String? {
        guard name.utf8.count <= maxPatternBytes, name != "!" else { return nil }
        return name.utf8.first == UInt8(ascii: "!") ? "*" + name.dropFirst() : name
    }

    /// The most bytes of a pattern in a callers file, and the most patterns of a caller.
    private static let (maxPatternBytes, maxPatterns) = (512, 256)

    /// What the file cannot say exactly, and names that do not exist.
    private static func doubts(_ id: String, _ use: ObservedUse.CallerUse) -> [String] {
        var notes: [String] = []
        if use.secrets.count > maxPatterns {
            notes.append(
                "caller \(id) read \(use.secrets.count) secrets, and may have \(maxPatterns) patterns: write some with *"
            )
        }
        for name in use.secrets.sorted() {
            if pattern(name) == nil {
                notes.append("caller \(id) read a secret whose name is too long for a pattern: write one with *")
            } else if name.utf8.first == UInt8(ascii: "!") || name.utf8.contains(UInt8(ascii: "*")) {
                notes.append("caller \(id): the pattern for \(name) gives other names too")
            }
        }
        return notes
            + use.missing.sorted().map { "caller \(id) asked for \($0), which does not exist: it stays not found" }
    }

    private static func unused(_ id: String, _ use: ObservedUse.CallerUse, _ entry: JSONObject) -> [String] {
        let given = { (name: String) in (entry[name]?.array ?? []).compactMap(\.string) }
        let scopes = given("scopes").filter { !use.scopes.contains($0) }.map { "caller \(id) did not use scope \($0)" }
        let patterns = given("secrets").filter { pattern in
            !pattern.hasPrefix("!") && !use.secrets.contains { UsePattern.matches(pattern, $0) }
        }
        let profiles = given("profiles").filter { !use.profiles.contains($0) }
        return scopes + patterns.map { "caller \(id) read no secret of \($0)" }
            + profiles.map { "caller \(id) used no token of profile \($0)" }
    }

    /// JSON with two spaces for each level, one element a line.
    private static func indented(_ json: JSON, _ depth: Int) -> String {
        let margin = String(repeating: "  ", count: depth + 1)
        let end = "\n" + String(repeating: "  ", count: depth)
        switch json {
        case .array(let values) where !values.isEmpty:
            return "[\n" + values.map { margin + indented($0, depth + 1) }.joined(separator: ",\n") + end + "]"
        case .object(let members) where members.contains { _ in true }:
            let lines = members.map { "\(margin)\(JSON.string($0.key).text): \(indented($0.value, depth + 1))" }
            return "{\n" + lines.joined(separator: ",\n") + end + "}"
        default: return json.text
        }
    }
}

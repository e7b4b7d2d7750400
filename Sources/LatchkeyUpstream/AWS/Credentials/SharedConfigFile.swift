/// The AWS shared config and credentials files (AWS SDKs and Tools Reference Guide, "Shared config and credentials
/// files"), read leniently, as the SDKs do: a line that means nothing is passed over.
package struct SharedConfigFile: Hashable, Sendable {
    /// Section name, as between the brackets with white space made one blank → key → value. A nested key, as in a
    /// `services` section, is `outer.inner`.
    package private(set) var sections: [String: [String: String]] = [:]

    package init(_ text: String) {
        var section: String?
        var outer: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let indented = line.first == " " || line.first == "\t"
            let content = Self.trimmed(line)
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
            if !indented, content.hasPrefix("["), let end = content.firstIndex(of: "]") {
                let name = content[content.index(after: content.startIndex)..<end]
                section = name.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
                outer = nil
                sections[section ?? "", default: [:]].merge([:]) { $1 }
                continue
            }
            guard let current = section, let equals = content.firstIndex(of: "=") else { continue }
            let key = Self.trimmed(content[..<equals]).lowercased()
            let value = Self.withoutComment(Self.trimmed(content[content.index(after: equals)...]))
            if indented, let outer {
                sections[current, default: [:]]["\(outer).\(key)"] = value
            } else if value.isEmpty {
                outer = key
                sections[current, default: [:]][key] = ""
            } else {
                outer = nil
                sections[current, default: [:]][key] = value
            }
        }
    }

    /// A profile of the config file: `[profile name]`, or `[default]`.
    package func configProfile(_ name: String) -> [String: String]? {
        sections["profile \(name)"] ?? (name == "default" ? sections["default"] : nil)
    }

    /// A profile of the credentials file: `[name]`.
    package func credentialsProfile(_ name: String) -> [String: String]? { sections[name] }

    private static func trimmed(_ text: Substring) -> Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }

    /// A comment behind a value begins with white space and `#` or `;`.
    private static func withoutComment(_ value: Substring) -> String {
        for (index, character) in zip(value.indices, value) where character == "#" || character == ";" {
            guard index > value.startIndex else { continue }
            let before = value[value.index(before: index)]
            if before == " " || before == "\t" { return String(trimmed(value[..<index])) }
        }
        return String(value)
    }
}

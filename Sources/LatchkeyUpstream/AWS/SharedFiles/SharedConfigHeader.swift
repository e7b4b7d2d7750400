/// What a section's header names.
struct SharedConfigHeader: Hashable, Sendable {
    /// Names are compared as bytes.
    enum Subject: Hashable, Sendable {
        case profile([UInt8])
        case ssoSession([UInt8])
        case services([UInt8])
        /// `[DEFAULT]`, whose settings botocore gives to every other section.
        case everySection
        /// Somebody else's section.
        case other
    }

    /// A header whose readers disagree.
    struct Malformed: Error, Hashable, Sendable {
        let reason: String
    }

    let subject: Subject
    /// `[default]` of the config file, which `[profile default]` replaces.
    let isPlainDefault: Bool
    /// Whether botocore reads it too. It does not where there is white space at the brackets.
    let isExact: Bool

    /// - Parameter text: what stands between the brackets.
    init(_ text: String, in kind: SharedConfigFile.Kind) throws(Malformed) {
        let bytes = Array(text.utf8)
        let trimmed = SharedConfigLines.trimmed(bytes[...])
        if text == "DEFAULT" {
            (subject, isPlainDefault, isExact) = (.everySection, false, true)
            return
        }
        switch kind {
        case .config:
            isPlainDefault = trimmed.elementsEqual("default".utf8)
            isExact = isPlainDefault ? trimmed.count == bytes.count : trimmed.startIndex == 0
            subject = isPlainDefault ? .profile(Array(trimmed)) : try Self.subject(trimmed)
        case .credentials:
            isPlainDefault = false
            isExact = trimmed.count == bytes.count
            let first = trimmed.prefix { !SharedConfigLines.isBlank($0) }
            let isKeyword = Keyword(rawValue: String(decoding: first, as: UTF8.self)) != nil
            subject = isKeyword && first.count < trimmed.count ? .other : .profile(Array(trimmed))
        }
    }

    private enum Keyword: String, CaseIterable {
        case profile, ssoSession = "sso-session", services
    }

    /// `profile NAME`, `sso-session NAME` or `services NAME`, split into words as botocore splits them, quotes and
    /// backslashes undone.
    private static func subject(_ header: ArraySlice<UInt8>) throws(Malformed) -> Subject {
        let text = String(decoding: header, as: UTF8.self)
        guard let keyword = Keyword.allCases.first(where: { header.starts(with: $0.rawValue.utf8) }) else {
            return .other
        }
        let words: [String]
        do throws(CommandWords.Malformed) {
            words = try CommandWords.split(text)
        } catch {
            throw Malformed(reason: "a quote or a backslash in the section's name is not closed")
        }
        guard words.count == 2 else { return .other }
        guard words[0] == keyword.rawValue else {
            // botocore looks at how the header begins, the other SDKs at the whole word.
            throw Malformed(
                reason: "botocore reads this section as a \(keyword.rawValue) and other SDKs do not: write "
                    + "[\(keyword.rawValue) NAME], or another word that does not begin with \(keyword.rawValue)")
        }
        let name = Array(words[1].utf8)
        return switch keyword {
        case .profile: .profile(name)
        case .ssoSession: .ssoSession(name)
        case .services: .services(name)
        }
    }
}

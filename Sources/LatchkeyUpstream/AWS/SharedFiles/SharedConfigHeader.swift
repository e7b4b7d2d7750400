/// The header of a section.
struct SharedConfigHeader: Hashable, Sendable {
    /// What the header names. Names are compared as bytes.
    enum Subject: Hashable, Sendable {
        case profile([UInt8])
        case ssoSession([UInt8])
        case services([UInt8])
        /// `[DEFAULT]`, whose settings botocore gives to every other section.
        case everySection
        /// A section that Latchkey does not use.
        case other
    }

    /// SDKs read the header differently.
    struct AmbiguityError: Error, Hashable, Sendable {
        let reason: String
    }

    let subject: Subject
    /// `[default]` of the config file, which `[profile default]` replaces.
    let isPlainDefault: Bool
    /// Whether botocore reads the section too. It does not if there is white space at the brackets.
    let isExact: Bool

    /// - Parameter text: the text between the brackets.
    init(_ text: String, in kind: SharedConfigFile.Kind) throws(AmbiguityError) {
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

    /// `profile NAME`, `sso-session NAME` or `services NAME`. botocore splits the header like a command line, with
    /// quotes and backslashes.
    private static func subject(_ header: ArraySlice<UInt8>) throws(AmbiguityError) -> Subject {
        let text = String(decoding: header, as: UTF8.self)
        guard let keyword = Keyword.allCases.first(where: { header.starts(with: $0.rawValue.utf8) }) else {
            return .other
        }
        let words: [String]
        do throws(ShellWords.SyntaxError) {
            words = try ShellWords.split(text)
        } catch {
            throw AmbiguityError(reason: "a quote or a backslash in the section's name is not closed")
        }
        guard words.count == 2 else { return .other }
        guard words[0] == keyword.rawValue else {
            // botocore compares only the beginning of the header, the other SDKs the whole word.
            throw AmbiguityError(
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

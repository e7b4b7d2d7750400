/// The settings of a section, or of a profile in both files.
package struct SharedProfile: Sendable {
    private struct Setting: Sendable {
        let path: String
        let property: SharedConfigProperty
    }

    package let name: String
    /// Where the section is, for errors that concern no single setting.
    private let place: (path: String, line: Int)
    private var settings: [String: Setting]
    /// Whether a setting decides which credentials are used.
    let namesCredentials: Bool

    init(name: String, section: SharedConfigSection, path: String) {
        self.name = name
        place = (path, section.line)
        settings = section.properties.mapValues { Setting(path: path, property: $0) }
        namesCredentials = section.namesCredentials
    }

    /// The settings of both sections. If both have a setting, the other section's counts.
    func overlaid(by other: SharedProfile) -> SharedProfile {
        var profile = self
        profile.settings.merge(other.settings) { $1 }
        return profile
    }

    package var names: [String] { Array(settings.keys) }

    func has(_ name: String) -> Bool { settings[name] != nil }

    /// An error at the section.
    func error(_ reason: String) -> SharedConfigError {
        SharedConfigError(path: place.path, line: place.line, reason)
    }

    /// An error at the setting, or at the section if it has no such setting.
    func error(_ name: String, _ reason: String) -> SharedConfigError {
        guard let setting = settings[name] else { return error(reason) }
        return SharedConfigError(path: setting.path, line: setting.property.line, reason)
    }

    // MARK: Values

    /// An optional setting, for which an empty value means the default.
    /// - Returns: nil if the setting is absent or empty.
    /// - Throws: for a nested block.
    package func setting(_ name: String) throws(SharedConfigError) -> String? {
        guard let text = try texts(name)?.plain, !text.isEmpty else { return nil }
        return text
    }

    /// A setting that selects credentials, even if it is empty.
    /// - Returns: nil if the setting is absent.
    /// - Throws: for an empty value or a nested block, with which botocore finds no credentials.
    package func text(_ name: String) throws(SharedConfigError) -> String? {
        guard let text = try texts(name)?.plain else { return nil }
        guard !text.isEmpty else { throw error(name, "\(name) is empty: give it a value, or remove the line") }
        return text
    }

    /// A path. Throws if a comment follows it, which botocore reads as part of the path.
    func path(_ name: String) throws(SharedConfigError) -> String? {
        guard let text = try text(name), let whole = try texts(name)?.whole else { return nil }
        guard text == whole else {
            throw error(name, "\(name) has a comment after its value: put the comment on a line of its own")
        }
        return text
    }

    /// A command: everything after the equals sign.
    func command(_ name: String) throws(SharedConfigError) -> String? {
        _ = try text(name)
        return try texts(name)?.whole
    }

    /// The name of another section. White space and `#` begin a comment, unless a section has the name with them, as
    /// botocore reads it.
    func reference(_ name: String, _ exists: (String) -> Bool) throws(SharedConfigError) -> String? {
        guard let text = try text(name), let whole = try texts(name)?.whole else { return nil }
        return exists(whole) ? whole : text
    }

    /// A setting in a nested block; nil if there is no such block or setting.
    /// - Throws: for a value that is not a block.
    package func nested(_ block: String, _ name: String) throws(SharedConfigError) -> String? {
        switch value(block) {
        case nil: return nil
        case .block(let nested): return nested.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
        case .text(let plain, _):
            guard plain.isEmpty else { throw error(block, "\(block) must be a nested block here") }
            return nil
        }
    }

    /// A setting as it is in the file.
    package func value(_ name: String) -> SharedConfigProperty.Value? { settings[name]?.property.value }

    private func texts(_ name: String) throws(SharedConfigError) -> (plain: String, whole: String)? {
        switch value(name) {
        case nil: return nil
        case .text(let plain, let whole): return (plain, whole)
        case .block: throw error(name, "\(name) must be a value and not a nested block: check the indents below it")
        }
    }
}

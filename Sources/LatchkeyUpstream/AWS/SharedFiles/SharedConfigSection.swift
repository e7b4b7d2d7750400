/// A section of a shared file. Sections with the same header are merged.
package struct SharedConfigSection: Hashable, Sendable {
    /// The text between the brackets, unchanged.
    package let header: String
    /// The line of the first header, counted from 1.
    package let line: Int
    /// The settings by lower-case name. If a name occurs several times, the last one counts (the SDKs' common rule).
    package internal(set) var properties: [String: SharedConfigProperty] = [:]
    /// The line of each setting that replaced a different value, by lower-case name.
    package internal(set) var replacements: [String: Int] = [:]
}

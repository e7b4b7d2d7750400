/// A section of a shared file. Sections with the same header are one.
package struct SharedConfigSection: Hashable, Sendable {
    /// What stands between the brackets, unchanged.
    package let header: String
    /// Where it stands first, counted from 1.
    package let line: Int
    /// By lower-case name; of several with one name the last counts (the SDKs' common rule).
    package internal(set) var properties: [String: SharedConfigProperty] = [:]
    /// The lines of settings that replaced another value, by lower-case name.
    package internal(set) var replacements: [String: Int] = [:]
}

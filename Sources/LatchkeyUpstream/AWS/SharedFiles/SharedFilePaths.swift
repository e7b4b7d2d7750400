/// Where the two shared files are: `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, or below the home directory.
package struct SharedFilePlaces: Hashable, Sendable {
    package let config: String
    package let credentials: String

    /// - Parameter environment: without empty values.
    package init(environment: [String: String]) throws(SharedConfigError) {
        config = try Self.place("AWS_CONFIG_FILE", "~/.aws/config", environment)
        credentials = try Self.place("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", environment)
    }

    /// `$NAME`, `${NAME}` and a leading `~` are expanded, as botocore does it (Python's `expandvars` and `expanduser`). A
    /// variable that is not set is refused: the path would lead nowhere, and the file be taken for absent.
    private static func place(
        _ variable: String, _ standard: String, _ environment: [String: String]
    ) throws(SharedConfigError) -> String {
        let path = try expanded(environment[variable] ?? standard, variable, environment)
        guard path.hasPrefix("~") else { return path }
        guard path == "~" || path.hasPrefix("~/") else {
            throw SharedConfigError(
                path: nil, "\(variable) begins with another user's home directory: write the whole path")
        }
        let home = environment["HOME"] ?? ""
        return (home.hasSuffix("/") ? String(home.dropLast()) : home) + path.dropFirst()
    }

    private static func expanded(
        _ path: String, _ variable: String, _ environment: [String: String]
    ) throws(SharedConfigError) -> String {
        var result = ""
        var rest = path[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...].dropFirst()
            let name: Substring
            let length: Int
            if rest.first == "{", let end = rest.firstIndex(of: "}") {
                name = rest[..<end].dropFirst()
                length = name.count + 2
            } else {
                name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                length = name.count
            }
            guard length > 0 else {
                result += "$"
                continue
            }
            guard let value = environment[String(name)] else {
                throw SharedConfigError(path: nil, "\(variable) has the variable \(name) in it, which is not set")
            }
            result += value
            rest = rest.dropFirst(length)
        }
        return result + rest
    }
}

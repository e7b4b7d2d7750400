/// The paths of the two shared files: `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, by default in `~/.aws`.
package struct SharedFilePaths: Hashable, Sendable {
    package let config: String
    package let credentials: String

    /// - Parameter environment: without empty values.
    package init(environment: [String: String]) throws(SharedConfigError) {
        config = try Self.path("AWS_CONFIG_FILE", default: "~/.aws/config", environment)
        credentials = try Self.path("AWS_SHARED_CREDENTIALS_FILE", default: "~/.aws/credentials", environment)
    }

    /// Expands `$NAME`, `${NAME}` and a leading `~`, as botocore does (Python's `expandvars` and `expanduser`). Refuses
    /// a variable that is not set: the resulting path would not exist, and the file would count as absent.
    private static func path(
        _ variable: String, default defaultPath: String, _ environment: [String: String]
    ) throws(SharedConfigError) -> String {
        let path = try expanded(environment[variable] ?? defaultPath, variable, environment)
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
                throw SharedConfigError(
                    path: nil, "\(variable) contains the variable \(name), which is not set: set it, or write the path")
            }
            result += value
            rest = rest.dropFirst(length)
        }
        return result + rest
    }
}

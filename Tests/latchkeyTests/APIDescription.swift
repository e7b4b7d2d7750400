internal import LatchkeyTestSupport

/// The lines of a text file of the project.
func projectLines(_ path: String) throws -> [String] {
    let text = String(decoding: try Fixture.bytes("../../\(path)"), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
}

/// The routes in `openapi.yaml`, read line by line: the file is indented by two spaces per level.
struct APIDescription {
    /// One path.
    struct Path: Equatable {
        var methods: Set<String> = []
        var query: Set<String> = []
    }

    private(set) var paths: [String: Path] = [:]
    /// The values of the schema `Code`.
    private(set) var codes: Set<String> = []

    init(_ lines: [String]) {
        let parameters = Self.queryParameters(Self.block("parameters:", indent: 2, lines))
        var path = ""
        for line in Self.block("paths:", indent: 0, lines) {
            let content = line.drop { $0 == " " }
            let indent = line.count - content.count
            if indent == 2, content.hasPrefix("/") {
                path = String(content.dropLast())
                paths[path] = Path()
            } else if indent == 4, content.hasSuffix(":"), content != "parameters:" {
                paths[path]?.methods.insert(String(content.dropLast()))
            } else if indent == 6, content.hasPrefix("- $ref: \"#/components/parameters/") {
                let name = content.dropLast().split(separator: "/").last.map { String($0) } ?? ""
                if let query = parameters[name] { paths[path]?.query.insert(query) }
            }
        }
        codes = Set(
            Self.block("Code:", indent: 4, lines).compactMap { line in
                let content = line.drop { $0 == " " }
                return content.hasPrefix("- ") ? String(content.dropFirst(2)) : nil
            })
    }

    /// The lines below the last `title` at this indentation that are indented further. The last one is that of the
    /// components.
    private static func block(_ title: String, indent: Int, _ lines: [String]) -> [String] {
        let head = String(repeating: " ", count: indent) + title
        guard let start = lines.lastIndex(of: head) else { return [] }
        return Array(
            lines[(start + 1)...].prefix { line in
                line.isEmpty || line.prefix { $0 == " " }.count > indent
            })
    }

    /// Query parameters: component name to parameter name.
    private static func queryParameters(_ lines: [String]) -> [String: String] {
        var found: [String: String] = [:]
        var (component, name) = ("", "")
        for line in lines {
            let content = line.drop { $0 == " " }
            if line.count - content.count == 4, content.hasSuffix(":") { component = String(content.dropLast()) }
            if content.hasPrefix("name: ") { name = String(content.dropFirst(6)) }
            if content == "in: query" { found[component] = name }
        }
        return found
    }
}

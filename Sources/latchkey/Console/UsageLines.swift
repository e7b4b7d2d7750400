/// Breaks the lines of a usage that are wider than a terminal. The parser breaks all others.
enum UsageLines {
    /// Width of a terminal, in characters.
    private static let columns = 80
    /// What follows a line break.
    private static let indent = "         "

    /// The text with its usage in lines of at most ``columns`` characters. A break is between two arguments.
    static func broken(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let isUsage = line.hasPrefix("USAGE: ") || line.hasPrefix("Usage: ")
            return isUsage && line.count > columns ? broken(usage: line) : String(line)
        }.joined(separator: "\n")
    }

    private static func broken(usage: Substring) -> String {
        var lines: [String] = []
        for argument in arguments(usage) {
            if let last = lines.last, last.count + 1 + argument.count <= columns {
                lines[lines.count - 1] += " \(argument)"
            } else {
                lines.append(lines.isEmpty ? argument : indent + argument)
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The words of a usage; an option in brackets is one, with its value.
    private static func arguments(_ usage: Substring) -> [String] {
        var found: [String] = []
        for word in usage.split(separator: " ") {
            if let last = found.last, last.hasPrefix("["), !last.hasSuffix("]") {
                found[found.count - 1] += " \(word)"
            } else {
                found.append(String(word))
            }
        }
        return found
    }
}

package import LatchkeyCore

/// An IAM policy document.
package struct PolicyDocument: Hashable, Sendable {
    /// Maximum length of a managed policy in characters, without white space (IAM and AWS STS quotas). An inline policy
    /// of a role may have 10,240.
    package static let maxLength = 6144

    package var statements: [PolicyStatement]

    package init(_ statements: [PolicyStatement]) { self.statements = statements }

    /// The compact form.
    package var json: JSON {
        [
            "Version": "2012-10-17",
            "Statement": .array(statements.map { .object(JSONObject($0.members)) }),
        ]
    }

    /// Characters that count towards ``maxLength``.
    package var length: Int { json.text.count { !$0.isWhitespace } }

    /// The indented form, two spaces per level.
    package var text: String {
        let statements = statements.map { statement in
            let members = statement.members.map { "      \"\($0)\": \(Self.text($1, indent: 6))" }
            return "    {\n\(members.joined(separator: ",\n"))\n    }"
        }
        return """
            {
              "Version": "2012-10-17",
              "Statement": [
            \(statements.joined(separator: ",\n"))
              ]
            }
            """
    }

    private static func text(_ json: JSON, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent + 2)
        let end = "\n" + String(repeating: " ", count: indent)
        switch json {
        case .array(let values):
            return "[\n" + values.map { margin + text($0, indent: indent + 2) }.joined(separator: ",\n") + end + "]"
        case .object(let members):
            let lines = members.map { name, value in
                "\(margin)\(JSON.string(name).text): \(text(value, indent: indent + 2))"
            }
            return "{\n" + lines.joined(separator: ",\n") + end + "}"
        default: return json.text
        }
    }
}

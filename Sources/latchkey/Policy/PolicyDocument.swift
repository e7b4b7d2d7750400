package import LatchkeyCore

/// One condition of a statement: `{operator: {key: values}}` (IAM User Guide, "IAM JSON policy elements: Condition").
package struct PolicyCondition: Hashable, Sendable {
    package var test: String
    package var key: String
    package var values: [String]

    package init(_ test: String, _ key: String, _ values: [String]) {
        self.test = test
        self.key = key
        self.values = values
    }
}

/// One statement of an IAM policy.
package struct PolicyStatement: Hashable, Sendable {
    package enum Effect: String, Hashable, Sendable {
        case allow = "Allow"
        case deny = "Deny"
    }

    /// Letters and digits alone (IAM, "Sid").
    package var name: String
    package var effect = Effect.allow
    /// `service:Operation`.
    package var actions: [String]
    /// ARNs, or `*` for an action that has no resource.
    package var resources: [String]
    package var conditions: [PolicyCondition] = []

    package init(
        _ name: String, _ actions: [String], on resources: [String], when conditions: [PolicyCondition] = [],
        effect: Effect = .allow
    ) {
        self.name = name
        self.effect = effect
        self.actions = actions
        self.resources = resources
        self.conditions = conditions
    }

    /// One value stands by itself, several in a list.
    private static func json(_ values: [String]) -> JSON {
        values.count == 1 ? .string(values[0]) : .array(values.map { .string($0) })
    }

    /// The members in the order in which people read them.
    fileprivate var members: [(String, JSON)] {
        var members: [(String, JSON)] = [
            ("Sid", .string(name)), ("Effect", .string(effect.rawValue)), ("Action", Self.json(actions)),
            ("Resource", Self.json(resources)),
        ]
        if !conditions.isEmpty {
            let tests = Dictionary(grouping: conditions, by: \.test)
            members.append(
                (
                    "Condition",
                    .object(
                        JSONObject(tests.map { ($0, .object(JSONObject($1.map { ($0.key, Self.json($0.values)) }))) }))
                ))
        }
        return members
    }
}

/// An IAM policy, as a role's policy or a managed one.
package struct PolicyDocument: Hashable, Sendable {
    /// Characters of a managed policy at the most, white space not counted (IAM and AWS STS quotas); an inline policy
    /// of a role may have 10,240.
    package static let longest = 6144

    package var statements: [PolicyStatement]

    package init(_ statements: [PolicyStatement]) { self.statements = statements }

    /// The document as a program reads it.
    package var json: JSON {
        [
            "Version": "2012-10-17",
            "Statement": .array(statements.map { .object(JSONObject($0.members)) }),
        ]
    }

    /// Characters that count towards ``longest``.
    package var length: Int { json.text.count { !$0.isWhitespace } }

    /// The document as people read it, two spaces a level.
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

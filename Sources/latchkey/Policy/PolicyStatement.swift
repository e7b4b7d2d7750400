internal import LatchkeyCore

/// One statement of an IAM policy.
package struct PolicyStatement: Hashable, Sendable {
    package enum Effect: String, Hashable, Sendable {
        case allow = "Allow"
        case deny = "Deny"
    }

    /// Only letters and digits (IAM, "Sid").
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

    /// A single value is a string, several are a list.
    private static func json(_ values: [String]) -> JSON {
        values.count == 1 ? .string(values[0]) : .array(values.map { .string($0) })
    }

    /// The members in the usual order.
    var members: [(String, JSON)] {
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

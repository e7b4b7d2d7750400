package import LatchkeyCore
package import LatchkeyCrypto

/// What the plan does with one secret.
package struct PlanItem: Sendable {
    /// The write that moves the secret.
    package enum Action: String, Sendable {
        case create
        /// The parameter exists with another value.
        case overwrite
        /// The parameter already has the value.
        case nothing
        /// An obstacle blocks the move.
        case blocked
    }

    package var secret: SourceSecret
    /// The name of the parameter.
    package var target: String
    package var action: Action
    package var obstacles: [Obstacle]
    /// The size of the value; nil if it was not read.
    package var bytes: Int?
    /// The tier of the parameter; nil if the secret is blocked.
    package var tier: ParameterTier?
    package var kind: ParameterKind
    package var keyID: String?
    /// The secret's description, cut to the length that Parameter Store accepts.
    package var description: String?
    /// The tags that can be copied.
    package var tags: [ResourceTag]

    /// Whether a missing permission blocks the move, so that the plan says nothing about the secret itself.
    package var isDenied: Bool { action == .blocked && obstacles.contains(where: \.isDenial) }

    /// Whether a read without an answer blocks the move, so that the plan says nothing about the secret itself.
    package var isUnread: Bool { action == .blocked && obstacles.contains(where: \.isUnread) }

    /// The value to move; nil if the secret is blocked.
    package var value: Secret? { action == .blocked ? nil : secret.value?.secret }

    /// The item for programs. Holds no value and no digest.
    var json: JSON {
        var members: JSONObject = [
            "secret": .string(secret.name), "parameter": .string(target), "action": .string(action.rawValue),
            "obstacles": .array(
                obstacles.map {
                    [
                        "code": .string($0.code), "weight": .string($0.severity.rawValue),
                        "explanation": .string($0.explanation), "remedy": .string($0.remedy),
                    ]
                }),
        ]
        members["bytes"] = bytes.map { .integer(Int64($0)) }
        members["tier"] = tier.map { .string($0.rawValue) }
        return .object(members)
    }
}

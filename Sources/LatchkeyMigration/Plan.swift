package import LatchkeyCore
package import LatchkeyCrypto

/// What would be done with one secret.
package struct PlanItem: Sendable {
    /// What the parameter would be written for.
    package enum Act: String, Sendable {
        case create
        /// The parameter is there with another value.
        case overwrite
        /// The parameter has the value already.
        case nothing
        /// Something is in the way.
        case blocked
    }

    package var secret: SourceSecret
    /// The parameter's name.
    package var target: String
    package var act: Act
    package var obstacles: [Obstacle]
    /// Bytes of the value; nil where it was not read.
    package var bytes: Int?
    /// Where the value is kept; nil for what is not moved.
    package var tier: ParameterTier?
    package var kind: ParameterKind
    package var keyID: String?
    /// The parameter's description: the secret's, cut to what Parameter Store takes.
    package var description: String?
    /// The tags that can be carried.
    package var tags: [ResourceTag]

    /// Something is in the way that is no property of the secret: a permission that is missing.
    package var isDenied: Bool { act == .blocked && obstacles.contains(where: \.isDenial) }

    /// It was not read, because a store gave no answer: nothing is known of it.
    package var isUnread: Bool { act == .blocked && obstacles.contains(where: \.isUnread) }

    /// The value, of what is moved.
    package var value: Secret? { act == .blocked ? nil : secret.value?.secret }
}

/// Everything that would be done, and what it comes to.
package struct Plan: Sendable {
    package var items: [PlanItem]
    /// A month as it is.
    package var costBefore: Cost
    /// A month once everything that can be moved is, and is deleted in Secrets Manager.
    package var costAfter: Cost
    /// Paths that nobody asked about whether they may be written: there were too many.
    package var unaskedPaths = 0

    /// Items that would do `act`.
    package func count(_ act: PlanItem.Act) -> Int { items.count { $0.act == act } }

    /// Items with an obstacle of this weight.
    package func count(_ weight: Obstacle.Weight) -> Int {
        items.count { $0.obstacles.contains { $0.weight == weight } }
    }

    /// What is blocked and there: it stays in Secrets Manager.
    package var staying: [PlanItem] { items.filter { $0.act == .blocked && $0.secret.exists } }

    /// The plan for programs. Holds no value and no digest.
    package var json: JSON {
        [
            "secrets": .array(items.map(Self.json)),
            "summary": [
                "create": .integer(Int64(count(.create))), "overwrite": .integer(Int64(count(.overwrite))),
                "nothing": .integer(Int64(count(.nothing))), "blocked": .integer(Int64(count(.blocked))),
                "staying": .integer(Int64(staying.count)), "warned": .integer(Int64(count(.warns))),
                "unasked_paths": .integer(Int64(unaskedPaths)),
            ],
            "cost": ["currency": "USD", "before": Self.json(costBefore), "after": Self.json(costAfter)],
        ]
    }

    private static func json(_ item: PlanItem) -> JSON {
        var members: JSONObject = [
            "secret": .string(item.secret.name), "parameter": .string(item.target),
            "action": .string(item.act.rawValue),
            "obstacles": .array(
                item.obstacles.map {
                    [
                        "code": .string($0.code), "weight": .string($0.weight.rawValue),
                        "explanation": .string($0.explanation), "remedy": .string($0.remedy),
                    ]
                }),
        ]
        members["bytes"] = item.bytes.map { .integer(Int64($0)) }
        members["tier"] = item.tier.map { .string($0.rawValue) }
        return .object(members)
    }

    private static func json(_ cost: Cost) -> JSON {
        [
            "secrets_manager": .number(Double(cost.secretsManager) / 100),
            "parameter_store": .number(Double(cost.parameterStore) / 100), "total": .number(Double(cost.total) / 100),
        ]
    }
}

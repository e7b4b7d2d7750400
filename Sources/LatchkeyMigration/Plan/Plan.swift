package import LatchkeyCore

/// What a copy would do, and what it costs.
package struct Plan: Sendable {
    package var items: [PlanItem]
    /// The cost of a month now.
    package var costBefore: Cost
    /// The cost of a month once everything that can be moved is moved and deleted from Secrets Manager.
    package var costAfter: Cost
    /// The number of parameter paths whose write permission was not checked, because there were too many.
    package var uncheckedPaths = 0

    /// The number of items with this action.
    package func count(_ action: PlanItem.Action) -> Int { items.count { $0.action == action } }

    /// The number of items with an obstacle of this severity.
    package func count(_ severity: Obstacle.Severity) -> Int {
        items.count { $0.obstacles.contains { $0.severity == severity } }
    }

    /// The existing secrets that are blocked: they stay in Secrets Manager.
    package var staying: [PlanItem] { items.filter { $0.action == .blocked && $0.secret.exists } }

    /// The plan for programs. Holds no value and no digest.
    package var json: JSON {
        [
            "secrets": .array(items.map(\.json)),
            "summary": [
                "create": .integer(Int64(count(.create))), "overwrite": .integer(Int64(count(.overwrite))),
                "nothing": .integer(Int64(count(.nothing))), "blocked": .integer(Int64(count(.blocked))),
                "staying": .integer(Int64(staying.count)), "warned": .integer(Int64(count(.warns))),
                "unasked_paths": .integer(Int64(uncheckedPaths)),
            ],
            "cost": ["currency": "USD", "before": Self.json(costBefore), "after": Self.json(costAfter)],
        ]
    }

    private static func json(_ cost: Cost) -> JSON {
        [
            "secrets_manager": .number(Double(cost.secretsManager) / 100),
            "parameter_store": .number(Double(cost.parameterStore) / 100), "total": .number(Double(cost.total) / 100),
        ]
    }
}

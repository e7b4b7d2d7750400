package import LatchkeyCore

// See PermissionProbes.

extension DynamoDB {
    /// Updates an item on a condition that never holds.
    package func probeUpdateItem(_ key: (name: String, value: String), deadline: MonotonicTime) async throws(AWSError) {
        let never = Update(
            "SET #probe = :none", if: "attribute_exists(#\(key.name)) AND attribute_not_exists(#\(key.name))",
            names: ["probe", key.name], values: [":none": .number(0)])
        try await PermissionProbes.run(expecting: [.conditionFailed]) { () async throws(AWSError) in
            try await update(key, never, isRetried: false, deadline: deadline)
        }
    }
}

package import LatchkeyCore
internal import LatchkeyMetrics

/// What DescribeParameters says of one parameter.
package struct ParameterDescription: Sendable {
    package var name: String
    package var tier: String?
    package var keyID: String?
}

/// `Tags: [{"Key","Value"}]`, as both services have them.
enum AWSTags {
    static func json(_ tags: [(key: String, value: String)]) -> JSON {
        .array(tags.map { ["Key": .string($0.key), "Value": .string($0.value)] })
    }

    static func read(_ json: JSON?) -> [(key: String, value: String)] {
        (json?.array ?? []).compactMap { tag in tag["Key"]?.string.map { ($0, tag["Value"]?.string ?? "") } }
    }
}

extension ParameterStore {
    /// Names in the filter of one DescribeParameters call (its API reference, `ParameterStringFilter`, `Values`).
    package static let describeBatch = 50

    /// What is known of parameters besides their values; those that do not exist are left out.
    package func describe(
        _ names: [String], deadline: MonotonicTime
    ) async throws(AWSError) -> [ParameterDescription] {
        var found: [ParameterDescription] = []
        for start in stride(from: 0, to: names.count, by: Self.describeBatch) {
            let some = names[start..<min(start + Self.describeBatch, names.count)].map { JSON.string($0) }
            var pages = ListPages(limit: Self.maxPages)
            var hasMore = true
            while hasMore {
                var body: JSONObject = [
                    "ParameterFilters": [["Key": "Name", "Option": "Equals", "Values": .array(some)]],
                    "MaxResults": 50,
                ]
                body["NextToken"] = pages.token.map { .string($0) }
                let answer = try await client.call(
                    .parameterStore, "DescribeParameters", .describeParameters, .object(body), deadline: deadline)
                for entry in answer["Parameters"]?.array ?? [] {
                    guard let name = entry["Name"]?.string else { throw AWSError(.invalidAnswer) }
                    found.append(
                        ParameterDescription(
                            name: name, tier: entry["Tier"]?.string, keyID: entry["KeyId"]?.string))
                }
                hasMore = try pages.advance(answer["NextToken"])
            }
        }
        return found
    }

    /// Puts tags on a parameter; those of the same key are replaced.
    package func addTags(
        _ tags: [(key: String, value: String)], to name: String, deadline: MonotonicTime
    ) async throws(AWSError) {
        _ = try await client.call(
            .parameterStore, "AddTagsToResource", .addTags,
            ["ResourceType": "Parameter", "ResourceId": .string(name), "Tags": AWSTags.json(tags)], deadline: deadline)
    }

    /// The tags of a parameter.
    package func tags(
        of name: String, deadline: MonotonicTime
    ) async throws(AWSError) -> [(key: String, value: String)] {
        let answer = try await client.call(
            .parameterStore, "ListTagsForResource", .other,
            ["ResourceType": "Parameter", "ResourceId": .string(name)], deadline: deadline)
        return AWSTags.read(answer["TagList"])
    }
}

package import LatchkeyCore

extension ParameterStore {
    /// Names in the filter of one DescribeParameters request (API Reference, `ParameterStringFilter`, `Values`).
    private static let describeBatch = 50
    /// Parameters in one page of DescribeParameters (API Reference, `MaxResults`).
    private static let describePageSize = 50

    /// Describes parameters. Names that do not exist are left out.
    package func describe(
        _ names: [String], deadline: MonotonicTime
    ) async throws(AWSError) -> [ParameterDescription] {
        var found: [ParameterDescription] = []
        for names in Self.batches(of: names, size: Self.describeBatch) {
            let filter: JSON = ["Key": "Name", "Option": "Equals", "Values": .array(names.map { .string($0) })]
            var pages = Pagination(maxPages: Self.maxPages)
            var hasMore = true
            while hasMore {
                var body: JSONObject = [
                    "ParameterFilters": [filter], "MaxResults": .integer(Int64(Self.describePageSize)),
                ]
                body["NextToken"] = pages.token.map { .string($0) }
                let response = try await client.call(.describeParameters, .object(body), deadline: deadline)
                for entry in response["Parameters"]?.array ?? [] {
                    guard let name = entry["Name"]?.string else { throw AWSError(.invalidAnswer) }
                    found.append(
                        ParameterDescription(
                            name: name, tier: entry["Tier"]?.string, keyID: entry["KeyId"]?.string))
                }
                hasMore = try pages.advance(response["NextToken"])
            }
        }
        return found
    }

    /// Adds tags to a parameter. Tags with the same key are replaced.
    package func addTags(
        _ tags: [(key: String, value: String)], to name: String, deadline: MonotonicTime
    ) async throws(AWSError) {
        _ = try await client.call(
            .addTagsToResource,
            ["ResourceType": "Parameter", "ResourceId": .string(name), "Tags": AWSTags.json(tags)], deadline: deadline)
    }

    /// The tags of a parameter.
    package func tags(
        of name: String, deadline: MonotonicTime
    ) async throws(AWSError) -> [(key: String, value: String)] {
        let response = try await client.call(
            .listTagsForResource, ["ResourceType": "Parameter", "ResourceId": .string(name)], deadline: deadline)
        return AWSTags.read(response["TagList"])
    }
}

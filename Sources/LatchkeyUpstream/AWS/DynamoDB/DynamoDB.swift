package import LatchkeyCore
package import LatchkeyCrypto

/// A table of Amazon DynamoDB, one small item at a time (Amazon DynamoDB API Reference).
package struct DynamoDB: Sendable {
    /// The value of an attribute: one of the two types that Latchkey writes, or any other as its JSON.
    package enum Value: Sendable {
        case string(Secret)
        case number(Int64)
        case other(JSON)

        /// A text that is not secret.
        package static func text(_ text: String) -> Self { .string(Secret(text)) }

        package var string: Secret? { if case .string(let value) = self { value } else { nil } }
        package var number: Int64? { if case .number(let value) = self { value } else { nil } }

        /// The JSON of the API. Numbers are sent as text, so that neither end loses digits (Developer Guide, "DynamoDB
        /// low-level API").
        package var json: JSON {
            switch self {
            case .string(let secret): ["S": .string(secret.revealText() ?? "")]
            case .number(let number): ["N": .string(String(number))]
            case .other(let json): json
            }
        }
    }

    /// A conditional change. Its expressions use `#name` for attributes and `:name` for values, because ordinary words
    /// such as `token` are reserved words of DynamoDB.
    package struct Update: Sendable {
        /// `SET … ADD …`
        package var expression: String
        /// The condition on the item before the change.
        package var condition: String
        /// The attributes that the expressions use, without `#`.
        package var names: [String]
        /// The values that the expressions use, with `:`.
        package var values: [String: Value]

        package init(_ expression: String, if condition: String, names: [String], values: [String: Value]) {
            self.expression = expression
            self.condition = condition
            self.names = names
            self.values = values
        }
    }

    private let client: AWSClient
    private let table: String

    package init(_ client: AWSClient, table: String) {
        self.client = client
        self.table = table
    }

    /// The bounds of the difference to AWS's clock that the last response gives.
    package var clock: ClockBounds { client.clock }

    /// The item with a partition key, after all writes that were answered (a consistent read); nil if there is none.
    package func item(
        _ key: (name: String, value: String), deadline: MonotonicTime
    ) async throws(AWSError) -> [String: Value]? {
        let response = try await client.call(
            .getItem,
            [
                "TableName": .string(table), "Key": .object([key.name: ["S": .string(key.value)]]),
                "ConsistentRead": true,
            ], deadline: deadline)
        guard let item = response["Item"]?.object else { return nil }
        return item.reduce(into: [:]) { $0[$1.key] = Self.value($1.value) }
    }

    /// Changes or creates an item atomically.
    ///
    /// - Parameter isRetried: false if a write that may have been carried out must not be repeated.
    /// - Throws: ``AWSError/Kind/conditionFailed`` if the condition does not hold.
    package func update(
        _ key: (name: String, value: String), _ update: Update, isRetried: Bool = true, deadline: MonotonicTime
    ) async throws(AWSError) {
        let names = update.names.map { ("#\($0)", JSON.string($0)) }
        _ = try await client.call(
            .updateItem,
            [
                "TableName": .string(table), "Key": .object([key.name: ["S": .string(key.value)]]),
                "UpdateExpression": .string(update.expression), "ConditionExpression": .string(update.condition),
                "ExpressionAttributeNames": .object(JSONObject(names)),
                "ExpressionAttributeValues": .object(JSONObject(update.values.mapValues(\.json))),
            ], isRetried: isRetried, deadline: deadline)
    }

    private static func value(_ json: JSON) -> Value {
        if let text = json["S"]?.string { return .string(Secret(text)) }
        return json["N"]?.string.flatMap { Int64($0) }.map { .number($0) } ?? .other(json)
    }
}

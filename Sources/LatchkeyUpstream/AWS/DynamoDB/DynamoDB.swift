package import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeyMetrics

/// Amazon DynamoDB, as far as one small item at a time goes (Amazon DynamoDB API reference).
package struct DynamoDB: Sendable {
    /// An attribute's value: the two types an item of ours has, and anything else as it stands there.
    package enum Value: Sendable {
        case string(Secret)
        case number(Int64)
        case other(JSON)

        /// A text that is no secret.
        package static func text(_ text: String) -> Self { .string(Secret(text)) }

        package var string: Secret? { if case .string(let value) = self { value } else { nil } }
        package var number: Int64? { if case .number(let value) = self { value } else { nil } }

        /// As the API has it. Numbers go as text, so that no end loses digits (Low-level API, Numeric).
        package var json: JSON {
            switch self {
            case .string(let secret): ["S": .string(secret.revealText() ?? "")]
            case .number(let number): ["N": .string(String(number))]
            case .other(let json): json
            }
        }
    }

    /// Names beginning with `#` and values beginning with `:` stand for themselves in expressions, because ordinary
    /// words such as `token` are reserved there.
    package struct Update: Sendable {
        /// `SET … ADD …`
        package var expression: String
        /// What must hold of the item as it is; else nothing is written.
        package var condition: String
        /// `#name` for each attribute used.
        package var names: [String]
        /// The values of the expression, by their `:name`.
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

    /// What the last answer shows of its clock.
    package var clock: ClockBounds { client.clock }

    /// The item with that partition key as it is now, after every write that was answered; nil where there is none.
    package func item(
        _ key: (name: String, value: String), deadline: MonotonicTime
    ) async throws(AWSError) -> [String: Value]? {
        let answer = try await client.call(
            .dynamodb, "GetItem", .getItem,
            [
                "TableName": .string(table), "Key": .object([key.name: ["S": .string(key.value)]]),
                "ConsistentRead": true,
            ], deadline: deadline)
        guard let item = answer["Item"]?.object else { return nil }
        return item.reduce(into: [:]) { $0[$1.key] = Self.value($1.value) }
    }

    /// Changes an item, or makes it, in one step.
    ///
    /// - Parameter isRetried: false where a write that was perhaps done must not be done again.
    /// - Throws: ``AWSError/Kind/conditionFailed`` where the condition does not hold.
    package func update(
        _ key: (name: String, value: String), _ update: Update, isRetried: Bool = true, deadline: MonotonicTime
    ) async throws(AWSError) {
        let names = update.names.map { ("#\($0)", JSON.string($0)) }
        _ = try await client.call(
            .dynamodb, "UpdateItem", .updateItem,
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

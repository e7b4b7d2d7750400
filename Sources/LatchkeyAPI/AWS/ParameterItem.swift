internal import LatchkeyBroker
package import LatchkeyCore
package import LatchkeyCrypto

/// A parameter with its metadata in Parameter Store.
package struct ParameterItem: Sendable {
    package var name: String
    /// `String`, `StringList` or `SecureString`.
    package var type: String
    package var value: Secret
    package var version: Int64
    package var arn: String
    /// Seconds since the epoch, in the store's own notation.
    package var lastModified: JSON?
    package var dataType: String

    package init(
        name: String, type: String, value: Secret, version: Int64, arn: String, lastModified: JSON?,
        dataType: String = "text"
    ) {
        self.name = name
        self.type = type
        self.value = value
        self.version = version
        self.arn = arn
        self.lastModified = lastModified
        self.dataType = dataType
    }

    /// The API shape `Parameter` (Systems Manager API).
    /// - Parameter selector: the version or label that the caller gave, with its colon.
    package func json(selector: String? = nil) -> JSON {
        var members: JSONObject = [
            "ARN": .string(arn), "DataType": .string(dataType), "Name": .string(name), "Type": .string(type),
            "Value": .string(value.revealText() ?? ""), "Version": .integer(version),
        ]
        members["LastModifiedDate"] = lastModified
        members["Selector"] = selector.map { .string($0) }
        return .object(members)
    }
}

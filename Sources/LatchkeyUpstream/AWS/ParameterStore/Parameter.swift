package import LatchkeyCore
package import LatchkeyCrypto

/// A parameter of Parameter Store.
package struct Parameter: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case string = "String"
        case stringList = "StringList"
        case secureString = "SecureString"
    }

    package var name: String
    package var kind: Kind
    package var value: Secret
    package var version: Int64
    package var lastModified: WallTime?
    /// All members of the service's response except the value.
    package var attributes: JSON = [:]
}

extension Parameter {
    /// A `Parameter` in a response.
    init(_ json: JSON?) throws(AWSError) {
        guard let name = json?["Name"]?.string, let value = json?["Value"]?.string,
            let type = json?["Type"]?.string,
            let kind = Kind.allCases.first(where: { $0.rawValue.hasSameBytes(as: type) })
        else { throw AWSError(.invalidAnswer) }
        self.init(
            name: name, kind: kind, value: Secret(value),
            version: OutsideNumber.version(json?["Version"]?.integer) ?? 0,
            // Seconds since the epoch with a fraction, sometimes in exponent notation.
            lastModified: OutsideNumber.date(seconds: json?["LastModifiedDate"]?.double),
            attributes: .object((json?.object ?? [:]).filter { $0.key != "Value" }))
    }
}

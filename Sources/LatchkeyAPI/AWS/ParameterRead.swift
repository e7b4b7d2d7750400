package import LatchkeyBroker
internal import LatchkeyCore

/// A read of one parameter.
package struct ParameterRead: Hashable, Sendable {
    package let query: SecretQuery
    /// If false, a `SecureString` is returned encrypted.
    package let isDecrypted: Bool
}

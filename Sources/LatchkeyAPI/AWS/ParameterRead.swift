package import LatchkeyBroker
internal import LatchkeyCore

/// One parameter to read.
package struct ParameterRead: Hashable, Sendable {
    package let query: SecretQuery
    /// Without it a `SecureString` comes as its store keeps it.
    package let isDecrypted: Bool
}

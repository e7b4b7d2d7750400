internal import LatchkeyBroker
internal import LatchkeyCore

/// A read of all parameters below a path.
package struct PathRead: Hashable, Sendable {
    package let path: String
    package let isRecursive: Bool
    package let isDecrypted: Bool
}

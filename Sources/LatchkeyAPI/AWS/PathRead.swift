internal import LatchkeyBroker
internal import LatchkeyCore

/// What lies below a path, to be read.
package struct PathRead: Hashable, Sendable {
    package let path: String
    package let isRecursive: Bool
    package let isDecrypted: Bool
}

internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore

/// One page of what lies below a path.
package struct PathPageRequest: Hashable, Sendable {
    /// Without a slash at the end.
    package let path: String
    package let isRecursive: Bool
    package let isDecrypted: Bool
    /// 1 to 10.
    package let size: Int
    /// Where the page before ended; nil for the first page.
    package let after: ListingPage.Mark?
}

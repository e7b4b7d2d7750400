internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore

/// A request for one page of the parameters below a path.
package struct PathPageRequest: Hashable, Sendable {
    /// Without a trailing slash.
    package let path: String
    package let isRecursive: Bool
    package let isDecrypted: Bool
    /// 1 to 10.
    package let size: Int
    /// The end of the previous page; nil for the first page.
    package let after: ListingPage.Mark?
}

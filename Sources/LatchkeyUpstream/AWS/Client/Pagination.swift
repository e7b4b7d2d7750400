internal import LatchkeyCore

/// Follows the `NextToken` of a listing from page to page.
///
/// An absent, null or empty token ends the listing, as in botocore's paginator. A token that came before is an error:
/// the listing would never end, and would use up the account's quota.
struct Pagination {
    private let maxPages: Int
    /// The `NextToken` of the next request; nil for the first page.
    private(set) var token: String?
    private var seen: Set<[UInt8]> = []

    init(maxPages: Int) { self.maxPages = maxPages }

    /// Takes the `NextToken` of a response.
    ///
    /// - Returns: whether there is another page.
    /// - Throws: ``AWSError/Kind/invalidAnswer`` for a token that is not a string, a token that came before, and more
    ///   than `maxPages` pages.
    mutating func advance(_ next: JSON?) throws(AWSError) -> Bool {
        guard let next, next != .null else { return false }
        guard let text = next.string else { throw AWSError(.invalidAnswer, hint: "NextToken is not a string") }
        if text.isEmpty { return false }
        guard seen.insert(Array(text.utf8)).inserted else {
            throw AWSError(.invalidAnswer, hint: "a NextToken came twice: the list does not end")
        }
        guard seen.count < maxPages else { throw AWSError(.invalidAnswer, hint: "the list does not end") }
        token = text
        return true
    }
}

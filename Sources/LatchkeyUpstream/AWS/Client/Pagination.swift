internal import LatchkeyCore

/// Where a list that comes in pages goes on: one `NextToken` after the other.
///
/// An absent, null or empty token ends a list, as botocore's paginator has it. A token that was answered before is an
/// invalid answer: the list would never end, and would spend the account's quota.
struct ListPages {
    /// Pages of one list at the most.
    let limit: Int
    /// What the next request sends as `NextToken`; nil for the first page.
    private(set) var token: String?
    private var seen: Set<[UInt8]> = []

    init(limit: Int) { self.limit = limit }

    /// Takes the `NextToken` of an answer.
    ///
    /// - Returns: whether there is another page.
    /// - Throws: ``AWSError/Kind/invalidAnswer`` for a token that is no text, one that was answered before, and for a
    ///   page too many.
    mutating func advance(_ next: JSON?) throws(AWSError) -> Bool {
        switch next {
        case nil, .null: return false
        case let value?:
            guard let text = value.string else { throw AWSError(.invalidAnswer, hint: "NextToken is no text") }
            if text.isEmpty { return false }
            guard seen.insert(Array(text.utf8)).inserted else {
                throw AWSError(.invalidAnswer, hint: "a NextToken came twice: the list does not end")
            }
            guard seen.count < limit else { throw AWSError(.invalidAnswer, hint: "the list does not end") }
            token = text
            return true
        }
    }
}

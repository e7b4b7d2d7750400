internal import LatchkeyAWS
internal import LatchkeyCore

/// One page of the results of a list operation (`MaxResults` and `NextToken`).
struct ResultPage {
    /// The keys of the results on this page.
    let keys: [String]
    private let nextToken: String?

    /// - Parameters:
    ///   - keys: the keys of all results, in any order.
    ///   - maxSize: the largest page that the operation allows, and its default.
    ///   - invalidToken: the error for a `NextToken` that cannot be decoded.
    init(of keys: some Sequence<String>, _ input: AWSInput, maxSize: Int64, invalidToken: AWSProtocolError)
        throws(AWSProtocolError)
    {
        let size = Int(try input.number("MaxResults", in: 1...maxSize) ?? maxSize)
        var start: String?
        if let token = try input.string("NextToken") {
            guard let key = PageToken.decode(token) else { throw invalidToken }
            start = key
        }
        let page = PageToken.page(keys.sorted(), after: start, size: size)
        (self.keys, nextToken) = (Array(page.keys), page.next)
    }

    /// The answer: the results in `member`, and `NextToken` unless this is the last page.
    func answer(_ member: String, _ results: [JSON], _ others: JSONObject = [:]) -> JSON {
        var members = others
        members[member] = .array(results)
        members["NextToken"] = nextToken.map { .string($0) }
        return .object(members)
    }
}

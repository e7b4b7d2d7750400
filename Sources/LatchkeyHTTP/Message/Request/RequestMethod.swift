/// The request methods that the server distinguishes. Any other valid method is ``other``.
package enum RequestMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case options = "OPTIONS"
    case other

    /// Compares with case: methods are case-sensitive (RFC 9110 §9.1).
    init(_ bytes: UnsafeRawBufferPointer) {
        self =
            switch bytes.count {
            case 3 where Grammar.equals(bytes, "GET"): .get
            case 3 where Grammar.equals(bytes, "PUT"): .put
            case 4 where Grammar.equals(bytes, "HEAD"): .head
            case 4 where Grammar.equals(bytes, "POST"): .post
            case 6 where Grammar.equals(bytes, "DELETE"): .delete
            case 7 where Grammar.equals(bytes, "OPTIONS"): .options
            default: .other
            }
    }

    /// The method of a message that may be incomplete or rejected; nil when `bytes` do not start with one.
    ///
    /// The response to a rejected HEAD request must have no body either (RFC 9110 §9.3.2).
    package init?(startOf bytes: UnsafeRawBufferPointer) {
        let line = bytes.drop { $0 == 0x0D || $0 == 0x0A }.prefix { $0 != 0x0A }
        guard let space = line.firstIndex(of: 0x20), space > line.startIndex else { return nil }
        let method = UnsafeRawBufferPointer(rebasing: line[..<space])
        guard method.allSatisfy(Grammar.isToken) else { return nil }
        self.init(method)
    }
}

/// A whole request as a value: what the client sends, and what simple handlers (``LatchkeyDev``) are given.
package struct HTTPRequest: Sendable {
    package var method: String
    /// Origin form: path and query, percent-encoded (RFC 9112 §3.2.1).
    package var target: String
    package var fields: HTTPFields
    package var body: [UInt8]
    /// Not to be sent once more where a kept-alive connection ends without an answer: the peer may have done it.
    package var isSentOnce = false
    /// Never to go through a proxy, whatever the settings say: what is asked is next door.
    package var isDirect = false

    package init(method: String, target: String, fields: HTTPFields = [:], body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    /// The target up to the first `?`, still percent-encoded.
    package var path: Substring { target.prefix { $0 != "?" } }

    /// What follows the first `?`, or nil.
    package var query: Substring? {
        target.firstIndex(of: "?").map { target[target.index(after: $0)...] }
    }
}

/// A whole request as a value: the client sends it, and a ``SimpleHandler`` receives it.
package struct HTTPRequest: Sendable {
    package var method: String
    /// Path and query in origin form, percent-encoded (RFC 9112 §3.2.1).
    package var target: String
    package var fields: HTTPFields
    package var body: [UInt8]
    /// Whether the client must not send the request again when a kept-alive connection closes before a response: the
    /// server may already have acted on it (RFC 9110 §9.2.2).
    package var isSentOnce = false
    /// Whether the request never goes through a proxy, for services on the machine or its own link.
    package var bypassesProxy = false

    package init(method: String, target: String, fields: HTTPFields = [:], body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    /// The target up to the first `?`, still percent-encoded.
    package var path: Substring { target.prefix { $0 != "?" } }

    /// The target after the first `?`, still percent-encoded; nil when there is none.
    package var query: Substring? {
        target.firstIndex(of: "?").map { target[target.index(after: $0)...] }
    }
}

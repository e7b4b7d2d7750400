internal import LatchkeyCore
internal import LatchkeyCrypto
package import LatchkeyHTTP

/// The canonical form of a request, which its signature covers (AWS Signature Version 4, "Create a canonical request").
package struct CanonicalRequest: Sendable {
    /// The text of the canonical request.
    package let text: String
    /// The names of the covered fields, as in `SignedHeaders`.
    package let signedFields: String

    /// Fields that proxies may change. The AWS SDKs do not sign them either.
    private static let unsigned: Set<String> = [
        "authorization", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
        "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ]

    /// - Parameters:
    ///   - host: the value of the `Host` field, which the HTTP client adds later.
    ///   - fields: the names of the fields to cover; nil for all except those that proxies may change.
    package init(_ request: HTTPRequest, host: String, covering fields: Set<String>? = nil) {
        var values: [String: [String]] = ["host": [host]]
        for line in request.fields.lines {
            let name = line.name.lowercased()
            if name == "host" { continue }
            if fields.map({ $0.contains(name) }) ?? !Self.unsigned.contains(name) {
                values[name, default: []].append(Self.trimmed(line.value))
            }
        }
        let names = values.keys.sorted { $0.precedesInBytes($1) }
        signedFields = names.joined(separator: ";")
        let lines = names.map { "\($0):\((values[$0] ?? []).joined(separator: ","))\n" }.joined()
        let payload = request.fields["x-amz-content-sha256"] ?? SHA256.hash(request.body).hex
        text = [
            request.method.uppercased(), Self.path(request.path), Self.query(request.query ?? ""), lines, signedFields,
            payload,
        ].joined(separator: "\n")
    }

    /// The path without dot segments (RFC 3986 §5.2.4) and repeated slashes, percent-encoded once more, as all services
    /// except S3 require.
    static func path(_ path: Substring) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let trailing = path.last == "/" && !segments.isEmpty ? "/" : ""
        return PercentEncoding.encode("/" + segments.joined(separator: "/") + trailing, keeping: "/")
    }

    /// The parameters sorted by name and then by value. They stay percent-encoded as in the target.
    static func query(_ query: Substring) -> String {
        guard !query.isEmpty else { return "" }
        let pairs = query.split(separator: "&", omittingEmptySubsequences: false).map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Array((halves.first ?? "").utf8), Array((halves.count > 1 ? halves[1] : "").utf8))
        }
        let sorted = pairs.sorted { left, right in
            left.0 == right.0
                ? left.1.lexicographicallyPrecedes(right.1) : left.0.lexicographicallyPrecedes(right.0)
        }
        return sorted.map { String(decoding: $0.0 + [UInt8(ascii: "=")] + $0.1, as: UTF8.self) }.joined(separator: "&")
    }

    /// The value without white space at its ends and with single spaces inside.
    private static func trimmed(_ value: String) -> String {
        value.utf8.split(whereSeparator: ASCII.isBlank).map { Substring($0) }.joined(separator: " ")
    }
}

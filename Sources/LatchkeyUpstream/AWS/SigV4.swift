package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyHTTP

/// A request in the one form its signature covers (AWS Signature Version 4, "Create a canonical request").
package struct CanonicalRequest: Sendable {
    /// The canonical request's text.
    package let text: String
    /// The names of the fields it covers, as `SignedHeaders` lists them.
    package let signedFields: String

    /// Fields that proxies change on the way and that AWS's SDKs therefore leave out.
    private static let unsigned: Set<String> = [
        "authorization", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
        "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ]

    /// - Parameters:
    ///   - host: the `Host` field's value, which the HTTP client writes itself.
    ///   - fields: the field names to cover; nil for all but those that may change on the way.
    package init(_ request: HTTPRequest, host: String, covering fields: Set<String>? = nil) {
        var values: [String: [String]] = ["host": [host]]
        for line in request.fields.lines {
            let name = line.name.lowercased()
            if name == "host" { continue }
            if fields.map({ $0.contains(name) }) ?? !Self.unsigned.contains(name) {
                values[name, default: []].append(Self.trimmed(line.value))
            }
        }
        let names = values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        signedFields = names.joined(separator: ";")
        let lines = names.map { "\($0):\((values[$0] ?? []).joined(separator: ","))\n" }.joined()
        let payload = request.fields["x-amz-content-sha256"] ?? SHA256.hash(request.body).hex
        text = [
            request.method.uppercased(), Self.path(request.path), Self.query(request.query ?? ""), lines, signedFields,
            payload,
        ].joined(separator: "\n")
    }

    /// Normalised (RFC 3986 §5.2.4, runs of slashes made one) and then escaped once more: every service but S3.
    static func path(_ path: Substring) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let trailing = path.last == "/" && !segments.isEmpty ? "/" : ""
        return PercentEncoding.encode("/" + segments.joined(separator: "/") + trailing, keeping: "/")
    }

    /// Sorted by name, then by value, as they stand in the target, already escaped.
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

    /// Without white space at the ends, and with one space where there were several.
    private static func trimmed(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }
}

/// AWS Signature Version 4. Pure: the time is a parameter.
package enum SigV4 {
    /// What a signature is good for: one day, one region, one service.
    package struct Scope: Sendable {
        package var date: WallTime
        package var region: String
        package var service: String

        package init(date: WallTime, region: String, service: String) {
            self.date = date
            self.region = region
            self.service = service
        }

        /// `20261123T125540Z`.
        var timestamp: String { RFC3339.formatBasic(date) }

        /// `20261123/us-east-1/ssm/aws4_request`.
        var text: String { "\(timestamp.prefix(8))/\(region)/\(service)/aws4_request" }
    }

    /// Adds `X-Amz-Date`, `X-Amz-Security-Token` and `Authorization` to the request.
    package static func sign(
        _ request: inout HTTPRequest, host: String, scope: Scope, credentials: AWSCredentials
    ) {
        request.fields["Authorization"] = nil
        request.fields["X-Amz-Date"] = scope.timestamp
        request.fields["X-Amz-Security-Token"] = credentials.sessionToken?.revealText()
        let canonical = CanonicalRequest(request, host: host)
        let signature = signature(of: canonical, scope: scope, secretAccessKey: credentials.secretAccessKey)
        request.fields["Authorization"] = """
            AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope.text), \
            SignedHeaders=\(canonical.signedFields), Signature=\(signature.hex)
            """
    }

    /// The signature of a canonical request.
    package static func signature(
        of canonical: CanonicalRequest, scope: Scope, secretAccessKey: Secret
    ) -> Digest {
        let toSign = "AWS4-HMAC-SHA256\n\(scope.timestamp)\n\(scope.text)\n\(SHA256.hash(canonical.text).hex)"
        let seed = Secret(Array("AWS4".utf8) + secretAccessKey.reveal())
        let parts = [String(scope.timestamp.prefix(8)), scope.region, scope.service, "aws4_request", toSign]
        var key = seed.withBytes { hmac(parts[0], key: $0) }
        for part in parts.dropFirst() { key = key.withBytes { hmac(part, key: $0) } }
        return key
    }

    private static func hmac(_ message: String, key: UnsafeRawBufferPointer) -> Digest {
        Array(message.utf8).withUnsafeBytes { HMACSHA256.authenticate($0, key: key) }
    }
}

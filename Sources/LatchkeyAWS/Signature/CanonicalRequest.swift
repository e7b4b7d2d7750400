internal import LatchkeyCore
internal import LatchkeyCrypto
package import LatchkeyHTTP

/// The canonical form of a request, which its signature covers (AWS Signature Version 4, "Create a canonical request").
package struct CanonicalRequest: Sendable {
    /// The canonical request.
    package private(set) var bytes: [UInt8] = []
    private var signedFieldsRange = 0..<0

    /// Fields that proxies may change. The AWS SDKs do not sign them either.
    private static let unsigned: Set<String> = [
        "authorization", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
        "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ]

    /// The canonical form of a request to be signed. It covers all fields except those that proxies may change.
    ///
    /// - Parameter host: the value of the `Host` field, which the HTTP client adds later.
    package init(_ request: HTTPRequest, host: String) {
        var request = request
        request.fields["Host"] = host
        let names = Set(request.fields.lines.map { $0.name.lowercased() }).subtracting(Self.unsigned)
        let list = names.sorted { $0.precedesInBytes($1) }.joined(separator: ";")
        self = SignableRequest.withParts(of: request) { parts in
            Array(list.utf8).withUnsafeBytes { CanonicalRequest(parts, names: $0) }
        }
    }

    /// The canonical form of a received request.
    ///
    /// - Parameter names: the names of the covered fields as `SignedHeaders` gives them. Nil if they are not in lower case and in
    ///   order, or if one is missing from the request.
    init?(_ request: SignableRequest, covering names: UnsafeRawBufferPointer) {
        guard Self.areCovered(names, by: request) else { return nil }
        self.init(request, names: names)
    }

    /// - Parameter names: of fields that the request has, in lower case, in order, with semicolons between them.
    private init(_ request: SignableRequest, names: UnsafeRawBufferPointer) {
        bytes.reserveCapacity(1024)
        for byte in request.method { bytes.append(ASCII.uppercased(byte)) }
        bytes.append(0x0A)
        appendPath(request.path)
        bytes.append(0x0A)
        appendQuery(request.query)
        bytes.append(0x0A)
        Self.forEachName(in: names) { name in
            appendField(name, of: request)
            return true
        }
        bytes.append(0x0A)
        bytes.append(contentsOf: names)
        signedFieldsRange = (bytes.count - names.count)..<bytes.count
        bytes.append(0x0A)
        if let hash = request.first("x-amz-content-sha256") {
            bytes.append(contentsOf: hash)
        } else {
            SHA256.hash(request.body).withBytes { Hex.append($0, to: &bytes) }
        }
    }

    /// The names of the covered fields, as in `SignedHeaders`.
    package var signedFields: String { String(decoding: bytes[signedFieldsRange], as: UTF8.self) }

    /// The digest that is signed.
    var digest: Digest { SHA256.hash(bytes) }

    // MARK: Fields

    /// Calls `body` with each name of a list with semicolons, until it returns false.
    static func forEachName(in names: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Bool) {
        var start = 0
        for index in 0...names.count where index == names.count || names[index] == UInt8(ascii: ";") {
            if !body(UnsafeRawBufferPointer(rebasing: names[start..<index])) { return }
            start = index + 1
        }
    }

    /// Whether each name is one of a field of the request, and all are in lower case and in order.
    private static func areCovered(_ names: UnsafeRawBufferPointer, by request: SignableRequest) -> Bool {
        var previous = UnsafeRawBufferPointer(start: nil, count: 0)
        var areCovered = true
        forEachName(in: names) { name in
            areCovered =
                previous.lexicographicallyPrecedes(name) && request.fields.contains { isName($0.name, name) }
            previous = name
            return areCovered
        }
        return areCovered
    }

    /// Whether the name of a field is `name`, which is in lower case.
    static func isName(_ field: UnsafeRawBufferPointer, _ name: UnsafeRawBufferPointer) -> Bool {
        guard field.count == name.count else { return false }
        for index in 0..<name.count where ASCII.lowercased(field[index]) != name[index] { return false }
        return true
    }

    /// The field as `name:value`, or with the values of all its lines.
    private mutating func appendField(_ name: UnsafeRawBufferPointer, of request: SignableRequest) {
        bytes.append(contentsOf: name)
        var separator = UInt8(ascii: ":")
        // The server takes a request with one line of `Host` only.
        for field in request.fields where Self.isName(field.name, name) {
            bytes.append(separator)
            appendValue(field.value)
            separator = UInt8(ascii: ",")
        }
        bytes.append(0x0A)
    }

    /// The value with single spaces inside. It has no blanks at its ends.
    private mutating func appendValue(_ value: UnsafeRawBufferPointer) {
        var isAfterBlank = false
        for byte in value {
            let isBlank = ASCII.isBlank(byte)
            if !isBlank { bytes.append(byte) } else if !isAfterBlank { bytes.append(0x20) }
            isAfterBlank = isBlank
        }
    }

    // MARK: Target

    /// The path without dot segments (RFC 3986 §5.2.4) and repeated slashes, percent-encoded once more, as all services
    /// except S3 require.
    private mutating func appendPath(_ path: UnsafeRawBufferPointer) {
        var segments: [Slice<UnsafeRawBufferPointer>] = []
        for segment in path.split(separator: UInt8(ascii: "/")) where !segment.elementsEqual(".".utf8) {
            if segment.elementsEqual("..".utf8) { _ = segments.popLast() } else { segments.append(segment) }
        }
        for segment in segments {
            bytes.append(UInt8(ascii: "/"))
            for byte in segment { PercentEncoding.append(byte, to: &bytes) }
        }
        if segments.isEmpty || path.last == UInt8(ascii: "/") { bytes.append(UInt8(ascii: "/")) }
    }

    /// The parameters sorted by name and then by value. They stay percent-encoded as in the target.
    private mutating func appendQuery(_ query: UnsafeRawBufferPointer) {
        if query.isEmpty { return }
        let pairs = query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false).map { pair in
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            return (name: pair[..<end], value: pair[end...].dropFirst())
        }
        let sorted = pairs.sorted { left, right in
            left.name.elementsEqual(right.name)
                ? left.value.lexicographicallyPrecedes(right.value) : left.name.lexicographicallyPrecedes(right.name)
        }
        for (index, pair) in sorted.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "&")) }
            bytes.append(contentsOf: pair.name)
            bytes.append(UInt8(ascii: "="))
            bytes.append(contentsOf: pair.value)
        }
    }
}

internal import LatchkeyHTTP

/// The id of one request, rendered with the fields that every response of the API has.
struct RequestID: Sendable {
    static let prefix = "Cache-Control: no-store\r\nX-Request-Id: "

    /// Two complete field lines: `Cache-Control: no-store` (no response may be stored, RFC 9111 §5.2.2.5) and
    /// `X-Request-Id`.
    let fields: [UInt8]

    /// ``prefix`` as bytes, written without a String.
    static let prefixText: StaticString = "Cache-Control: no-store\r\nX-Request-Id: "

    init(fields: [UInt8]) { self.fields = fields }

    /// The id in a rendered response; nil if it has none.
    init?(of response: UnsafeRawBufferPointer) {
        let prefix = Array(Self.prefix.utf8)
        for start in response.indices.dropLast(prefix.count) where response[start] == prefix[0] {
            guard response[start...].starts(with: prefix) else { continue }
            guard let end = response[(start + prefix.count)...].firstIndex(of: 0x0D) else { return nil }
            fields = Array(response[start..<end]) + [0x0D, 0x0A]
            return
        }
        return nil
    }

    /// The id alone.
    var bytes: ArraySlice<UInt8> { fields[Self.prefix.utf8.count..<(fields.count - 2)] }

    /// The id as text, for the body of a problem and for the request log.
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

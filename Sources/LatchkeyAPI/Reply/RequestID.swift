internal import LatchkeyHTTP

/// The id of one request, rendered with the fields that every response of the API has.
struct RequestID: Sendable {
    static let prefix = "Cache-Control: no-store\r\nX-Request-Id: "

    /// Two complete field lines: `Cache-Control: no-store` (no response may be stored, RFC 9111 §5.2.2.5) and
    /// `X-Request-Id`.
    let fields: [UInt8]

    /// The id alone.
    var bytes: ArraySlice<UInt8> { fields[Self.prefix.utf8.count..<(fields.count - 2)] }

    /// The id as text, for the body of a problem and for the request log.
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The status codes that this program sends, with their reason phrases (RFC 9110 §15, RFC 6585).
package enum HTTPStatus {
    /// The reason phrase of a status code, or `Unknown`.
    package static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 202: "Accepted"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Unknown"
        }
    }

    /// Whether a final response of this status has no content, and is sent without `Content-Length`: 204 and 304
    /// (RFC 9110 §6.4.1, §8.6).
    static func isBodyless(_ status: Int) -> Bool { status == 204 || status == 304 }

    /// Appends the status line, such as `HTTP/1.1 200 OK\r\n` (RFC 9112 §4).
    static func appendLine(_ status: Int, to output: inout [UInt8]) {
        if status == 200 { return append("HTTP/1.1 200 OK\r\n", to: &output) }
        append("HTTP/1.1 ", to: &output)
        DecimalDigits.append(Int64(status), to: &output)
        output.append(0x20)
        append(reason(status), to: &output)
        append("\r\n", to: &output)
    }

    private static func append(_ text: StaticString, to output: inout [UInt8]) {
        output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

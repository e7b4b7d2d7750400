/// Why a request is rejected by its syntax or size, with the status of the response.
///
/// Every rejection closes the connection. The end of the rejected message is uncertain, and reading on from a guess is
/// how requests are smuggled (RFC 9112 §11.2).
package enum RequestRejection: Error, Hashable, Sendable, CaseIterable {
    case bareLineFeed
    case emptyLines
    case requestLine
    case target
    case fieldName
    case fieldValue
    case foldedField
    case host
    case contentLength
    case transferEncoding
    case lengthAndTransferEncoding
    case chunk
    case version
    case unknownTransferCoding
    case expectation
    case targetTooLong
    case headTooLarge
    case bodyTooLarge

    /// The status code of the response.
    package var status: Int {
        switch self {
        case .bareLineFeed, .emptyLines, .requestLine, .target, .fieldName, .fieldValue, .foldedField, .host,
            .contentLength, .transferEncoding, .lengthAndTransferEncoding, .chunk:
            400
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .expectation: 417
        case .headTooLarge: 431
        case .unknownTransferCoding: 501
        case .version: 505
        }
    }

    /// The rule that the request breaks, for the `detail` of the response. Contains no byte of the request.
    package var reason: String {
        let limits = RequestLimits()
        return switch self {
        case .bareLineFeed: "a line must end in CR LF"
        case .emptyLines: "too many empty lines before the request line"
        case .requestLine: "the request line is not method, target and version"
        case .target: "the request target is not a path"
        case .fieldName: "a field name is not a token followed by a colon"
        case .fieldValue: "a field value contains a control character"
        case .foldedField: "a field is folded over several lines"
        case .host: "exactly one valid host field is required"
        case .contentLength: "content-length must be one plain decimal number"
        case .transferEncoding: "transfer-encoding must be chunked alone, and needs HTTP/1.1"
        case .lengthAndTransferEncoding: "content-length and transfer-encoding must not be sent together"
        case .chunk: "the chunked body is malformed"
        case .version: "only HTTP/1.0 and HTTP/1.1 are supported"
        case .unknownTransferCoding: "the only supported transfer coding is chunked"
        case .expectation: "the only supported expectation is 100-continue"
        case .targetTooLong: "the request line is over \(limits.requestLineBytes / 1024) KiB"
        case .headTooLarge: "the head is over \(limits.headBytes / 1024) KiB or \(limits.fields) fields"
        case .bodyTooLarge: "the body is over the limit of this route"
        }
    }
}

/// Why a request is not accepted, with the status it is answered with. Every refusal ends the connection: where one
/// message ends is no longer certain, and guessing is how requests are smuggled (RFC 9112 §11.2).
package enum RequestRefusal: Error, Hashable, Sendable, CaseIterable {
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

    /// The status code of the answer.
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

    /// What is wrong, for the answer's `detail`: about the grammar alone, never a byte of the request.
    package var reason: String {
        switch self {
        case .bareLineFeed: "a line must end in CR LF"
        case .emptyLines: "too many empty lines before the request line"
        case .requestLine: "the request line is not method, target and version"
        case .target: "the request target is not a path"
        case .fieldName: "a field name is not a token followed by a colon"
        case .fieldValue: "a field value holds a control character"
        case .foldedField: "a field is folded over several lines"
        case .host: "exactly one valid host field is needed"
        case .contentLength: "content-length must be one plain decimal number"
        case .transferEncoding: "transfer-encoding must be one chunked, in HTTP/1.1"
        case .lengthAndTransferEncoding: "content-length and transfer-encoding exclude each other"
        case .chunk: "the chunked body is malformed"
        case .version: "only HTTP/1.0 and HTTP/1.1 are spoken here"
        case .unknownTransferCoding: "the only transfer coding understood is chunked"
        case .expectation: "the only expectation understood is 100-continue"
        case .targetTooLong: "the request line is over 8 KiB"
        case .headTooLarge: "the head is over 32 KiB or 100 fields"
        case .bodyTooLarge: "the body is over the limit of this route"
        }
    }
}

/// The status of a response, as the label `code`. Statuses that Latchkey does not send count as `other`, so that the
/// set stays closed.
package enum StatusCode: Int, Label {
    case ok, accepted, noContent, notModified
    case badRequest, unauthorized, forbidden, notFound, methodNotAllowed, notAcceptable, requestTimeout
    case lengthRequired, preconditionFailed, contentTooLarge, uriTooLong, unsupportedMediaType, expectationFailed
    case tooManyRequests, headersTooLarge
    case internalError, notImplemented, badGateway, unavailable, gatewayTimeout, versionNotSupported
    case other

    /// The case for a status of RFC 9110 §15 or RFC 6585.
    package init(_ status: Int) {
        switch status {
        case 200: self = .ok
        case 202: self = .accepted
        case 204: self = .noContent
        case 304: self = .notModified
        case 400: self = .badRequest
        case 401: self = .unauthorized
        case 403: self = .forbidden
        case 404: self = .notFound
        case 405: self = .methodNotAllowed
        case 406: self = .notAcceptable
        case 408: self = .requestTimeout
        case 411: self = .lengthRequired
        case 412: self = .preconditionFailed
        case 413: self = .contentTooLarge
        case 414: self = .uriTooLong
        case 415: self = .unsupportedMediaType
        case 417: self = .expectationFailed
        case 429: self = .tooManyRequests
        case 431: self = .headersTooLarge
        case 500: self = .internalError
        case 501: self = .notImplemented
        case 502: self = .badGateway
        case 503: self = .unavailable
        case 504: self = .gatewayTimeout
        case 505: self = .versionNotSupported
        default: self = .other
        }
    }

    package var label: String { Self.statuses[rawValue].map { String($0) } ?? "other" }

    /// The status of each case, in the order of the raw values; nil for ``other``.
    private static let statuses: [Int?] = allCases.map { code in
        (100...599).first { code != .other && StatusCode($0) == code }
    }
}

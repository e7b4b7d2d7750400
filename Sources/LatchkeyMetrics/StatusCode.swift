/// The HTTP statuses Latchkey answers with, as the `code` label. A status outside the list counts as `other`,
/// so the set stays closed.
package enum StatusCode: Int, Label {
    case ok, accepted, noContent, notModified
    case badRequest, unauthorized, forbidden, notFound, methodNotAllowed, notAcceptable, requestTimeout
    case lengthRequired, preconditionFailed, contentTooLarge, uriTooLong, unsupportedMediaType, expectationFailed
    case tooManyRequests, headersTooLarge
    case internalError, notImplemented, badGateway, unavailable, gatewayTimeout, versionNotSupported
    case other

    /// The case for a status, by RFC 9110 §15 and RFC 6585.
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

    package var label: String {
        switch self {
        case .ok: "200"
        case .accepted: "202"
        case .noContent: "204"
        case .notModified: "304"
        case .badRequest: "400"
        case .unauthorized: "401"
        case .forbidden: "403"
        case .notFound: "404"
        case .methodNotAllowed: "405"
        case .notAcceptable: "406"
        case .requestTimeout: "408"
        case .lengthRequired: "411"
        case .preconditionFailed: "412"
        case .contentTooLarge: "413"
        case .uriTooLong: "414"
        case .unsupportedMediaType: "415"
        case .expectationFailed: "417"
        case .tooManyRequests: "429"
        case .headersTooLarge: "431"
        case .internalError: "500"
        case .notImplemented: "501"
        case .badGateway: "502"
        case .unavailable: "503"
        case .gatewayTimeout: "504"
        case .versionNotSupported: "505"
        case .other: "other"
        }
    }
}

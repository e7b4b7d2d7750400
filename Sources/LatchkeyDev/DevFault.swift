package import LatchkeyAWS
package import LatchkeyHTTP

/// One of the three stand-ins.
package enum DevService: String, Hashable, Sendable, CaseIterable {
    case parameterStore = "parameter_store"
    case secretsManager = "secrets_manager"
    case issuer
}

/// What a stand-in does instead of its work, when a test says so.
package enum DevFault: Sendable {
    /// Answers this and does nothing.
    case response(HTTPResponse)
    /// Answers an AWS error and does nothing.
    case aws(AWSFault)
    /// Does what was asked, then answers this: the caller does not learn that it was done.
    case afterwards(HTTPResponse)

    /// An empty answer of a status, with fields (`Retry-After`) if wanted.
    package static func status(_ status: Int, _ fields: HTTPFields = [:]) -> DevFault {
        .response(HTTPResponse(status: status, fields: fields))
    }

    /// 200 without a body.
    package static let emptyBody = DevFault.status(200)

    /// 200 with a page for people, as proxies give.
    package static let html = DevFault.response(
        HTTPResponse(
            status: 200, fields: ["Content-Type": "text/html"],
            body: Array("<!doctype html><title>Please wait</title><p>Please wait.</p>".utf8)))

    /// 200 with these bytes as JSON.
    package static func body(_ text: String) -> DevFault {
        .response(HTTPResponse(status: 200, fields: ["Content-Type": "application/json"], body: Array(text.utf8)))
    }
}

/// The faults still to come, by service.
struct FaultScript {
    private var queued: [DevService: [DevFault]] = [:]
    private var held: [DevService: DevFault] = [:]

    mutating func queue(_ faults: [DevFault], for service: DevService) { queued[service, default: []] += faults }

    mutating func hold(_ fault: DevFault?, for service: DevService) { held[service] = fault }

    /// What befalls the next request: queued faults first, each once, then the one that is held.
    mutating func next(for service: DevService) -> DevFault? {
        if let first = queued[service]?.first {
            queued[service]?.removeFirst()
            return first
        }
        return held[service]
    }
}

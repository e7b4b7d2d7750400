internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

extension HTTPClientError {
    /// The broker's reason for this error.
    var reason: UpstreamFault.Reason {
        switch self {
        case .nameNotResolved, .connectFailed, .tlsFailed, .closedBeforeResponse, .truncated, .shutDown: .unavailable
        case .connectTimedOut, .timedOut: .timedOut
        case .malformed, .tooLarge, .unexpectedEncoding: .invalid
        case .proxy(let failure): failure.isTimeout ? .timedOut : .unavailable
        }
    }

    /// The short code for logs and `/health`.
    package var code: String {
        switch self {
        case .nameNotResolved: FaultCode.nameNotResolved.rawValue
        case .connectFailed: FaultCode.connectFailed.rawValue
        case .connectTimedOut: FaultCode.connectTimedOut.rawValue
        case .tlsFailed: FaultCode.tlsFailed.rawValue
        case .timedOut: FaultCode.timedOut.rawValue
        case .closedBeforeResponse: FaultCode.closedBeforeResponse.rawValue
        case .truncated: FaultCode.truncated.rawValue
        case .malformed: FaultCode.malformedHTTP.rawValue
        case .tooLarge: FaultCode.tooLarge.rawValue
        case .unexpectedEncoding: FaultCode.unexpectedEncoding.rawValue
        case .shutDown: FaultCode.shutDown.rawValue
        case .proxy(let failure): failure.code
        }
    }
}

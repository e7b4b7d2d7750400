/// What a line of the audit log is about. The raw value is the member `action`.
package enum AuditAction: String, CaseIterable, Sendable {
    case tokenRead = "token.read"
    case tokenReject = "token.reject"
    case secretRead = "secret.read"
    case secretList = "secret.list"
    case secretDescribe = "secret.describe"
    case cacheClear = "cache.clear"
    case healthRead = "health.read"
    case metricsRead = "metrics.read"
    case openAPIRead = "openapi.read"
    /// A path that is no route.
    case unknownRoute = "route.unknown"
    case keyChange = "key.change"
    case callersChange = "callers.change"
    case profilesChange = "profiles.change"
    case backendChange = "backend.change"
    /// The first line of a start. `name` lists its chains.
    case start
    /// The last line of a start. `name` is a ``ChainStates``.
    case stop
    /// `name` is a ``ChainStates`` in the chain of the process, and absent in the chain of a worker.
    case checkpoint
    /// A write ended within a line. `name` is the SHA-256 of the part that was written.
    case torn
    /// Lines could not be written. `name` is their number.
    case lost
    /// Requests without a valid credential that were left out. `name` is their number.
    case unauthenticated

    /// The raw value as bytes, written without a String.
    var text: StaticString {
        switch self {
        case .tokenRead: "token.read"
        case .tokenReject: "token.reject"
        case .secretRead: "secret.read"
        case .secretList: "secret.list"
        case .secretDescribe: "secret.describe"
        case .cacheClear: "cache.clear"
        case .healthRead: "health.read"
        case .metricsRead: "metrics.read"
        case .openAPIRead: "openapi.read"
        case .unknownRoute: "route.unknown"
        case .keyChange: "key.change"
        case .callersChange: "callers.change"
        case .profilesChange: "profiles.change"
        case .backendChange: "backend.change"
        case .start: "start"
        case .stop: "stop"
        case .checkpoint: "checkpoint"
        case .torn: "torn"
        case .lost: "lost"
        case .unauthenticated: "unauthenticated"
        }
    }
}

/// The `status` of `/health`.
package enum HealthStatus: Int, Label {
    case ok, degraded, unavailable

    package var label: String {
        switch self {
        case .ok: "ok"
        case .degraded: "degraded"
        case .unavailable: "unavailable"
        }
    }
}

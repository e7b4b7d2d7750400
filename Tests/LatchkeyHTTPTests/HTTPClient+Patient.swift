import LatchkeyHTTP
import LatchkeyTestSupport

extension HTTPClient.Configuration {
    /// For calls that must succeed, however slow the machine is.
    static var patient: Self {
        var configuration = Self()
        configuration.connectTimeout = .unreached
        configuration.handshakeTimeout = .unreached
        configuration.tunnelTimeout = .unreached
        configuration.headTimeout = .unreached
        // Connections that stay open are a promise of some tests.
        configuration.idleTimeout = .unreached
        return configuration
    }
}

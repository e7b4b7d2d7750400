package import LatchkeyCore
package import LatchkeyHTTP
package import LatchkeyMetrics

extension AWSClient {
    /// What the client uses.
    package struct Environment: Sendable {
        package var configuration: AWSConfiguration
        package var credentials: CredentialChain
        package var transport: HTTPTransport
        package var metrics: Metrics
        package var time: Timing
        /// Shared with everything else that calls AWS.
        package var clockSkew = ClockSkew()
        /// The longest time for one attempt (`LATCHKEY_UPSTREAM_TIMEOUT`).
        package var attemptTimeout: Duration
        /// Limits for quotas that the whole account shares (`LATCHKEY_SSM_MAX_TPS`).
        package var callsPerSecond: [AWSQuota: Int] = [:]
        /// `name/version` for `User-Agent`, so that CloudTrail shows which program made a call.
        package var userAgent: String

        package init(
            configuration: AWSConfiguration, credentials: CredentialChain, transport: @escaping HTTPTransport,
            metrics: Metrics, time: Timing, attemptTimeout: Duration, userAgent: String
        ) {
            self.configuration = configuration
            self.credentials = credentials
            self.transport = transport
            self.metrics = metrics
            self.time = time
            self.attemptTimeout = attemptTimeout
            self.userAgent = userAgent
        }
    }
}

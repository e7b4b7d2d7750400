import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyTestSupport
import LatchkeyUpstream
import Logging

/// Makes clients of AWS in us-east-1 whose transport is a function of the test.
enum AWSClientFixture {
    /// - Parameters:
    ///   - time: the client's. The credential chain waits until it is cancelled.
    ///   - callsPerSecond: the limit for reads of parameters; nil for none.
    static func client(
        time: Timing, maxAttempts: Int = 3, callsPerSecond: Int? = nil,
        credentials: CredentialProvider = fixedCredentials, transport: @escaping HTTPTransport
    ) -> AWSClient {
        let settings = ["AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "\(maxAttempts)"]
        var environment = AWSClient.Environment(
            configuration: AWSConfiguration(environment: settings) { _ in .absent },
            credentials: CredentialChain(
                [credentials], time: Timing(now: time.now, sleep: untilCancelled), log: Logger(label: "test")),
            transport: transport, metrics: Metrics(version: "t", profiles: []), time: time,
            attemptTimeout: .seconds(5), userAgent: "latchkey/test")
        if let callsPerSecond { environment.callsPerSecond = [.parameterReads: callsPerSecond] }
        return AWSClient(environment)
    }

    static let fixedCredentials = CredentialProvider(.environment) { () throws(AWSError) in
        .found(AWSCredentials(accessKeyID: "AKID", secretAccessKey: Secret("s")))
    }
}

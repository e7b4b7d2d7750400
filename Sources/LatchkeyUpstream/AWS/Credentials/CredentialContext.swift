package import LatchkeyCore
package import LatchkeyHTTP
package import LatchkeyMetrics

/// What the credential providers use: settings as values, and functions for everything outside the process.
package struct CredentialContext: Sendable {
    /// The environment of the process, without empty values.
    package var environment: [String: String]
    package var configuration: AWSConfiguration
    package var transport: HTTPTransport
    package var metrics: Metrics
    package var time: Timing
    package var clockSkew: ClockSkew
    package var userAgent: String
    /// The text of a file; nil if it cannot be read.
    package var readFile: @Sendable (String) -> String?
    /// Reads the shared file at a path.
    package var readSharedFile: @Sendable (String) -> SharedFileContent
    /// Writes a file of mode 0600 atomically. False if that fails.
    package var writeFile: @Sendable (_ bytes: [UInt8], _ path: String) -> Bool
    /// Runs a program to its end.
    package var run: @Sendable (ChildProcess) async -> Result<[UInt8], ChildProcess.RunError> = ChildProcess.run
    /// Whether the process has confined itself so that it can never read the file at a path.
    package var isOutsideConfinement: @Sendable (_ path: String) -> Bool = { _ in false }
    /// Whether the process can run programs.
    package var canRunPrograms = true

    package init(
        environment: [String: String], configuration: AWSConfiguration, transport: @escaping HTTPTransport,
        metrics: Metrics, time: Timing, clockSkew: ClockSkew, userAgent: String,
        readFile: @escaping @Sendable (String) -> String?,
        readSharedFile: @escaping @Sendable (String) -> SharedFileContent,
        writeFile: @escaping @Sendable (_ bytes: [UInt8], _ path: String) -> Bool
    ) {
        self.environment = environment.filter { !$0.value.isEmpty }
        self.configuration = configuration
        self.transport = transport
        self.metrics = metrics
        self.time = time
        self.clockSkew = clockSkew
        self.userAgent = userAgent
        self.readFile = readFile
        self.readSharedFile = readSharedFile
        self.writeFile = writeFile
    }

    /// Converts a time that a credential source gave to our own wall clock.
    ///
    /// If the response's `Date` shows that the source's clock is skewed, that difference counts. A source that does not
    /// say its time is taken to have AWS's clock.
    func ownTime(of time: WallTime, in response: HTTPResponse? = nil) -> WallTime {
        if let date = response?.fields.date {
            let difference = date - self.time.now().wall
            if ClockSkew.isSkewed(by: difference) { return time + (.zero - difference) }
        }
        return clockSkew.ownTime(at: time)
    }

    /// The credentials in a response of SSO or STS. Their expiration is converted to the local clock.
    ///
    /// - Parameters:
    ///   - service: the name of the service, for error messages.
    ///   - refusal: what the service refuses to do if the status is not 200, for error messages.
    ///   - decode: reads the body. Nil, or credentials without an expiration, if the body is not valid.
    func credentials(
        in response: HTTPResponse, of service: String, refusal: String, decode: ([UInt8]) -> AWSCredentials?
    ) throws(AWSError) -> AWSCredentials {
        guard response.status == 200 else {
            var error = AWSError(response)
            error.hint = "\(service) refuses \(refusal): \(error.code ?? "status \(response.status)")"
            throw error
        }
        guard var credentials = decode(response.body), let expiration = credentials.expiration else {
            throw AWSError(.invalidAnswer, hint: "\(service) answers without credentials")
        }
        credentials.expiration = ownTime(of: expiration, in: response)
        return credentials
    }
}

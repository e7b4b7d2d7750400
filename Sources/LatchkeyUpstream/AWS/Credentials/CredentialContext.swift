package import LatchkeyCore
package import LatchkeyHTTP
package import LatchkeyMetrics

/// What the sources of credentials are made of: settings as values, and the ways out of the process as functions.
package struct CredentialContext: Sendable {
    /// The process's environment, without empty values.
    package var environment: [String: String]
    package var configuration: AWSConfiguration
    package var transport: HTTPTransport
    package var metrics: Metrics
    package var time: TimeSource
    /// AWS's clock, as far as it is known.
    package var clock: ClockOffset
    package var userAgent: String
    /// The text of a file, or nil where there is none that can be read.
    package var readFile: @Sendable (String) -> String?
    /// Writes a file of mode 0600 in one step; false where that fails.
    package var writeFile: @Sendable (_ bytes: [UInt8], _ path: String) -> Bool
    /// Runs a program to its end.
    package var run: @Sendable (ChildProcess) async -> Result<[UInt8], ChildProcess.Failure> = ChildProcess.run
    package var sleep: @Sendable (MonotonicTime) async -> Void = TokenIssuer.sleep
    /// A random number in 0..<1.
    package var chance: @Sendable () -> Double = { Double.random(in: 0..<1) }

    package init(
        environment: [String: String], configuration: AWSConfiguration, transport: @escaping HTTPTransport,
        metrics: Metrics, time: TimeSource, clock: ClockOffset, userAgent: String,
        readFile: @escaping @Sendable (String) -> String?,
        writeFile: @escaping @Sendable (_ bytes: [UInt8], _ path: String) -> Bool
    ) {
        self.environment = environment.filter { !$0.value.isEmpty }
        self.configuration = configuration
        self.transport = transport
        self.metrics = metrics
        self.time = time
        self.clock = clock
        self.userAgent = userAgent
        self.readFile = readFile
        self.writeFile = writeFile
    }

    /// The shared files as they are now: read anew at every asking, so that a rotated file is seen.
    var files: SharedFiles { SharedFiles(environment: environment, readFile: readFile) }

    /// Every source, in the order of ``CredentialSource``.
    package var providers: [CredentialProvider] {
        CredentialSource.allCases.map { source in
            switch source {
            case .environment: environmentProvider
            case .assumeRole: assumeRoleProvider
            case .webIdentity: webIdentityProvider
            case .singleSignOn: singleSignOnProvider
            case .credentialsFile: credentialsFileProvider
            case .process: processProvider
            case .configFile: configFileProvider
            case .container: containerProvider
            case .instance: instanceProvider
            }
        }
    }
}

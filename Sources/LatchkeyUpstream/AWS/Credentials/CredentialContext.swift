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
    /// What lies at the path of a shared file.
    package var readSharedFile: @Sendable (String) -> SharedFileContent
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
        readSharedFile: @escaping @Sendable (String) -> SharedFileContent,
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
        self.readSharedFile = readSharedFile
        self.writeFile = writeFile
    }

    /// What one look at the shared files has led to.
    typealias Planner = Result<CredentialPlanner, SharedConfigError>

    /// The shared files as they are now.
    var planner: Planner {
        Planner { () throws(SharedConfigError) in
            CredentialPlanner(
                environment: environment, files: try SharedFiles(environment: environment, read: readSharedFile))
        }
    }

    /// Every source, in the order of ``CredentialSource``. All of them are of one look at the shared files, so that no
    /// walk mixes what stood there before a change with what stands there after it.
    package var providers: [CredentialProvider] {
        let planner = planner
        return CredentialSource.allCases.map { source in
            switch source {
            case .environment: environmentProvider
            case .assumeRole: assumeRoleProvider(planner)
            case .webIdentity: webIdentityProvider(planner)
            case .singleSignOn: singleSignOnProvider(planner)
            case .credentialsFile: keysProvider(source, .credentials, planner)
            case .process: processProvider(planner)
            case .configFile: keysProvider(source, .config, planner)
            case .container: containerProvider
            case .instance: instanceProvider(planner)
            }
        }
    }

    /// Keys of the chosen profile in one of the shared files.
    func keysProvider(
        _ source: CredentialSource, _ kind: SharedConfigFile.Kind, _ planner: Planner
    ) -> CredentialProvider {
        CredentialProvider(source) { () throws(AWSError) in
            let planner = try Self.planner(planner)
            if case .keys(let keys) = try Self.plan({ () throws(SharedConfigError) in try planner.keys(in: kind) }) {
                return .found(keys)
            }
            let profile = planner.files.profile
            return .absent(
                planner.files.profile(profile, in: kind) == nil
                    ? "it has no profile \(profile)" : "profile \(profile) has no aws_access_key_id there")
        }
    }

    /// Takes the look's outcome, an error as the source's.
    static func planner(_ planner: Planner) throws(AWSError) -> CredentialPlanner {
        try plan { () throws(SharedConfigError) in try planner.get() }
    }

    /// Reads something out of the shared files; what is wrong there is what credentials fail with.
    static func plan<Value>(_ body: () throws(SharedConfigError) -> Value) throws(AWSError) -> Value {
        do throws(SharedConfigError) {
            return try body()
        } catch {
            throw .credentials(error.description)
        }
    }
}

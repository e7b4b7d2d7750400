/// What the `AWS_*` variables and the shared files configure. Read once. Pure: environment and files are parameters.
package struct AWSConfiguration: Sendable {
    /// A setting that cannot be used.
    package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// The variable, the key in the file, or the file and its line.
        package let name: String
        /// What is wrong and how to correct it. Never the value of a credential.
        package let description: String

        init(_ name: String, _ description: String) {
            self.name = name
            self.description = description
        }

        init(_ error: SharedConfigError) { self.init(error.place, error.reason) }
    }

    package private(set) var region: String
    package private(set) var profile: String
    package private(set) var retry = RetryPolicy()
    /// A PEM file of certificates that AWS requests trust instead of the system's.
    package private(set) var caBundle: String?
    package private(set) var endpoints: [AWSService: AWSEndpoint] = [:]
    /// The settings that cannot be used. The properties above hold defaults in their place.
    package private(set) var problems: [Problem] = []
    /// The services whose endpoint is configured, and not AWS's own.
    private var configured: Set<AWSService> = []
    private var regionalEndpoints = RegionalEndpoints()
    /// The settings of the selected profile in both files.
    private var settings: SharedProfile?

    /// The values of `AWS_MAX_ATTEMPTS` that are accepted.
    private static let attempts = 1...100

    /// - Parameters:
    ///   - environment: of the process. An empty value counts as unset, because some launchers pass such values.
    ///   - readSharedFile: reads the shared file at a path.
    package init(environment: [String: String], readSharedFile: (String) -> SharedFileContent) {
        let environment = environment.filter { !$0.value.isEmpty }
        profile = environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] ?? "default"
        region = ""
        var files: SharedFiles?
        do throws(SharedConfigError) {
            let read = try SharedFiles(environment: environment, read: readSharedFile)
            settings = try read.chosen()
            files = read
        } catch {
            problems.append(Problem(error))
        }
        region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? setting("region") ?? ""
        caBundle =
            environment["AWS_CA_BUNDLE"]
            ?? readProfile { profile throws(SharedConfigError) in try profile.path("ca_bundle") }
        checkRegion()
        readRetry(environment)
        regionalEndpoints.usesFIPS = Self.flag(environment["AWS_USE_FIPS_ENDPOINT"] ?? setting("use_fips_endpoint"))
        regionalEndpoints.usesDualStack = Self.flag(
            environment["AWS_USE_DUALSTACK_ENDPOINT"] ?? setting("use_dualstack_endpoint"))
        for service in AWSService.allCases { resolve(service, environment, files) }
        if let files { checkCredentials(environment, files) }
    }

    /// A setting of the selected profile. Nil if there is none, or after an error, which becomes a problem.
    private mutating func setting(_ name: String) -> String? {
        readProfile { profile throws(SharedConfigError) in try profile.setting(name) }
    }

    private mutating func readProfile(_ read: (SharedProfile) throws(SharedConfigError) -> String?) -> String? {
        guard let settings else { return nil }
        do throws(SharedConfigError) {
            return try read(settings)
        } catch {
            record(Problem(error))
            return nil
        }
    }

    private mutating func record(_ problem: Problem) {
        if !problems.contains(problem) { problems.append(problem) }
    }

    private mutating func checkRegion() {
        if region.isEmpty {
            region = "us-east-1"
            problems.append(Problem("AWS_REGION", "no region: set AWS_REGION, for example eu-central-1"))
        } else if !RegionalEndpoints.isRegion(region) {
            problems.append(
                Problem("AWS_REGION", "not a region: letters, digits and hyphens, for example eu-central-1"))
            region = "us-east-1"
        }
    }

    /// Reports unusable credential settings at the start instead of at the first call.
    private mutating func checkCredentials(_ environment: [String: String], _ files: SharedFiles) {
        do throws(AWSError) {
            if try EnvironmentKeys.find(environment) != nil { return }
        } catch {
            return record(Problem(EnvironmentKeys.idName, error.hint ?? "cannot be used"))
        }
        do throws(SharedConfigError) {
            _ = try CredentialPlanner(environment: environment, files: files).decide()
        } catch {
            record(Problem(error))
        }
    }

    private mutating func readRetry(_ environment: [String: String]) {
        let mode = environment["AWS_RETRY_MODE"] ?? setting("retry_mode") ?? "standard"
        // legacy and adaptive are accepted and mean standard: its quota and the rate limits here cover both.
        if !["standard", "legacy", "adaptive"].contains(mode.lowercased()) {
            problems.append(Problem("AWS_RETRY_MODE", "must be standard, adaptive or legacy"))
        }
        guard let text = environment["AWS_MAX_ATTEMPTS"] ?? setting("max_attempts") else { return }
        if let attempts = Int(text), Self.attempts.contains(attempts) {
            retry = RetryPolicy(maxAttempts: attempts)
        } else {
            problems.append(
                Problem(
                    "AWS_MAX_ATTEMPTS",
                    "must be a whole number from \(Self.attempts.lowerBound) to \(Self.attempts.upperBound)"))
        }
    }

    // MARK: Endpoints

    /// The endpoint of a service in a region. A configured endpoint serves all regions. Nil for a text that cannot be a
    /// region.
    package func endpoint(of service: AWSService, in region: String) -> AWSEndpoint? {
        if configured.contains(service) { return endpoints[service] }
        return RegionalEndpoints.isRegion(region) ? regionalEndpoints.endpoint(of: service, in: region) : nil
    }

    private mutating func resolve(_ service: AWSService, _ environment: [String: String], _ files: SharedFiles?) {
        endpoints[service] = regionalEndpoints.endpoint(of: service, in: region)
        let ignored = environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] ?? setting("ignore_configured_endpoint_urls")
        if Self.flag(ignored) { return }
        guard let (name, value) = configuredEndpoint(service, environment, files) else { return }
        guard let endpoint = AWSEndpoint(value) else {
            return record(Problem(name, "must be http://host:port or https://host:port"))
        }
        endpoints[service] = endpoint
        configured.insert(service)
    }

    /// In the SDKs' order: the service's variable, the common variable, the service's endpoint in the profile, the
    /// profile's common endpoint.
    private mutating func configuredEndpoint(
        _ service: AWSService, _ environment: [String: String], _ files: SharedFiles?
    ) -> (name: String, value: String)? {
        for name in ["AWS_ENDPOINT_URL_\(service.environmentName)", "AWS_ENDPOINT_URL"] {
            if let value = environment[name] { return (name, value) }
        }
        do throws(SharedConfigError) {
            if let value = try files?.serviceEndpoint(service.configName), !value.isEmpty {
                return ("services \(service.configName) endpoint_url", value)
            }
        } catch {
            record(Problem(error))
            return nil
        }
        return setting("endpoint_url").map { ("endpoint_url", $0) }
    }

    private static func flag(_ text: String?) -> Bool { text?.lowercased() == "true" }
}

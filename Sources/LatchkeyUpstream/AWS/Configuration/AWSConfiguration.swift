package import LatchkeyHTTP

/// Everything the `AWS_*` settings and the shared files decide, read once. Pure: the environment and the files come in.
package struct AWSConfiguration: Sendable {
    /// Something in the settings that cannot be followed.
    package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// The variable, the file's key, or the file and its line.
        package let name: String
        /// What is wrong and what would be right. Never the value of a credential.
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
    /// A PEM file to trust instead of the system's store, for AWS alone.
    package private(set) var caBundle: String?
    /// The endpoint of each service.
    package private(set) var endpoints: [AWSService: Endpoint] = [:]
    /// The services whose endpoint is none of AWS's own.
    private var configured: Set<AWSService> = []
    /// The chosen profile in both files.
    private var settings: SharedProfile?
    private var fips = false
    private var dualStack = false
    /// What is wrong; the rest holds defaults where something is.
    package private(set) var problems: [Problem] = []

    /// Where a service is reached.
    package struct Endpoint: Hashable, Sendable {
        package var origin: Origin
        /// The path requests are posted to.
        package var path: String

        package init(origin: Origin, path: String = "/") {
            self.origin = origin
            self.path = path
        }
    }

    /// - Parameters:
    ///   - environment: the process's; an empty value counts as unset, as some launchers pass.
    ///   - readSharedFile: what lies at the path of a shared file.
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
        caBundle = environment["AWS_CA_BUNDLE"] ?? caBundleOfProfile()
        if region.isEmpty {
            region = "us-east-1"
            problems.append(Problem("AWS_REGION", "no region: set AWS_REGION, for example eu-central-1"))
        } else if !Self.isRegion(region) {
            problems.append(
                Problem("AWS_REGION", "not a region: letters, digits and hyphens, for example eu-central-1"))
            region = "us-east-1"
        }
        readRetry(environment)
        fips = Self.flag(environment["AWS_USE_FIPS_ENDPOINT"] ?? setting("use_fips_endpoint"))
        dualStack = Self.flag(environment["AWS_USE_DUALSTACK_ENDPOINT"] ?? setting("use_dualstack_endpoint"))
        for service in AWSService.allCases { resolve(service, environment, files) }
        if let files { checkCredentials(environment, files) }
    }

    /// A setting of the chosen profile; nil, and the problem noted, where it cannot be read.
    private mutating func setting(_ name: String) -> String? {
        do throws(SharedConfigError) {
            return try settings?.setting(name)
        } catch {
            note(Problem(error))
            return nil
        }
    }

    private mutating func caBundleOfProfile() -> String? {
        do throws(SharedConfigError) {
            return try settings?.path("ca_bundle")
        } catch {
            note(Problem(error))
            return nil
        }
    }

    private mutating func note(_ problem: Problem) {
        if !problems.contains(problem) { problems.append(problem) }
    }

    /// Whether what sets credentials up can be followed: told at the start, and not when the first call fails.
    private mutating func checkCredentials(_ environment: [String: String], _ files: SharedFiles) {
        do throws(AWSError) {
            if case .found = try CredentialContext.environmentCredentials(environment) { return }
        } catch {
            return note(Problem("AWS_ACCESS_KEY_ID", error.hint ?? "cannot be used"))
        }
        do throws(SharedConfigError) {
            _ = try CredentialPlanner(environment: environment, files: files).decide()
        } catch {
            note(Problem(error))
        }
    }

    private mutating func readRetry(_ environment: [String: String]) {
        let mode = environment["AWS_RETRY_MODE"] ?? setting("retry_mode") ?? "standard"
        // legacy and adaptive are accepted, and mean standard here: its quota and pacing bound both.
        if !["standard", "legacy", "adaptive"].contains(mode.lowercased()) {
            problems.append(Problem("AWS_RETRY_MODE", "must be standard, adaptive or legacy"))
        }
        guard let text = environment["AWS_MAX_ATTEMPTS"] ?? setting("max_attempts") else { return }
        if let attempts = Int(text), (1...100).contains(attempts) {
            retry = RetryPolicy(maxAttempts: attempts)
        } else {
            problems.append(Problem("AWS_MAX_ATTEMPTS", "must be a whole number from 1 to 100"))
        }
    }

    // MARK: Endpoints

    /// In the order of the SDKs: the service's variable, the common one, the profile's service, the profile's common
    /// one, the region's own.
    private mutating func resolve(_ service: AWSService, _ environment: [String: String], _ files: SharedFiles?) {
        endpoints[service] = regional(service, region)
        let ignored = environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] ?? setting("ignore_configured_endpoint_urls")
        if Self.flag(ignored) { return }
        guard let (name, value) = configuredEndpoint(service, environment, files) else { return }
        guard let endpoint = Self.endpoint(value) else {
            return note(Problem(name, "must be http://host:port or https://host:port"))
        }
        endpoints[service] = endpoint
        configured.insert(service)
    }

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
            note(Problem(error))
            return nil
        }
        return setting("endpoint_url").map { ("endpoint_url", $0) }
    }

    /// Where a service of another region than the chosen one is reached; a configured endpoint serves all regions.
    package func endpoint(of service: AWSService, in region: String) -> Endpoint? {
        if configured.contains(service) { return endpoints[service] }
        return Self.isRegion(region) ? regional(service, region) : nil
    }

    private func regional(_ service: AWSService, _ region: String) -> Endpoint {
        Endpoint(origin: Origin(scheme: .https, host: host(of: service, in: region)))
    }

    private func host(of service: AWSService, in region: String) -> String {
        let partition = AWSPartition(region: region)
        // Parameter Store's ordinary endpoints in us-gov are FIPS ones already (AWS's endpoint rules for ssm).
        let marked = fips && !(service == .parameterStore && partition.name == "aws-us-gov" && !dualStack)
        let suffix = dualStack ? partition.dualStackSuffix : partition.suffix
        return "\(service.hostLabel)\(marked ? "-fips" : "").\(region).\(suffix)"
    }

    /// An endpoint URL; nil for anything but http or https with a host, an optional port and an optional path.
    package static func endpoint(_ text: String) -> Endpoint? {
        guard let separator = text.firstRange(of: "://"),
            let scheme = Origin.Scheme(rawValue: text[..<separator.lowerBound].lowercased())
        else { return nil }
        let rest = text[separator.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let path = String(rest.dropFirst(authority.count))
        guard !text.contains("?"), !text.contains("#"), let (host, port) = split(authority) else { return nil }
        return Endpoint(origin: Origin(scheme: scheme, host: host, port: port), path: path.isEmpty ? "/" : path)
    }

    /// Host and port of an authority; IPv6 in brackets.
    private static func split(_ authority: Substring) -> (host: String, port: UInt16?)? {
        var host = authority
        var port: UInt16?
        let afterBracket = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[afterBracket...].lastIndex(of: ":") {
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else { return nil }
            port = number
            host = authority[..<colon]
        }
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        let allowed: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_:".contains($0)) }
        return !host.isEmpty && host.allSatisfy(allowed) ? (String(host), port) : nil
    }

    /// A label of a host name, as botocore has it: no hyphen at either end, and not digits alone.
    private static func isRegion(_ text: String) -> Bool {
        let isLetter: (UInt8) -> Bool = { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
        let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return (1...63).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.last != UInt8(ascii: "-") && !text.utf8.allSatisfy(isDigit)
            && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func flag(_ text: String?) -> Bool { text?.lowercased() == "true" }
}

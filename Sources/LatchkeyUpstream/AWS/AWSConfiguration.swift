package import LatchkeyHTTP

/// Everything the `AWS_*` settings and the shared files decide, read once. Pure: the environment and the files come in.
package struct AWSConfiguration: Sendable {
    /// Something in the settings that cannot be followed.
    package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// The variable or the file's key.
        package let name: String
        /// What is wrong and what would be right. Never the value of a credential.
        package let description: String

        init(_ name: String, _ description: String) {
            self.name = name
            self.description = description
        }
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
    ///   - readFile: the text of a file, or nil where there is none that can be read.
    package init(environment: [String: String], readFile: (String) -> String?) {
        let environment = environment.filter { !$0.value.isEmpty }
        let files = SharedFiles(environment: environment, readFile: readFile)
        profile = files.profile
        let settings = files.config
        region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? settings["region"] ?? ""
        caBundle = environment["AWS_CA_BUNDLE"] ?? settings["ca_bundle"]
        if region.isEmpty {
            region = "us-east-1"
            problems.append(Problem("AWS_REGION", "no region: set AWS_REGION, for example eu-central-1"))
        } else if !Self.isRegion(region) {
            problems.append(
                Problem("AWS_REGION", "not a region: letters, digits and hyphens, for example eu-central-1"))
            region = "us-east-1"
        }
        readRetry(environment, settings)
        fips = Self.flag(environment["AWS_USE_FIPS_ENDPOINT"] ?? settings["use_fips_endpoint"])
        dualStack = Self.flag(environment["AWS_USE_DUALSTACK_ENDPOINT"] ?? settings["use_dualstack_endpoint"])
        for service in AWSService.allCases { resolve(service, environment, files) }
    }

    private mutating func readRetry(_ environment: [String: String], _ settings: [String: String]) {
        let mode = environment["AWS_RETRY_MODE"] ?? settings["retry_mode"] ?? "standard"
        // legacy and adaptive are accepted, and mean standard here: its quota and pacing bound both.
        if !["standard", "legacy", "adaptive"].contains(mode.lowercased()) {
            problems.append(Problem("AWS_RETRY_MODE", "must be standard, adaptive or legacy"))
        }
        guard let text = environment["AWS_MAX_ATTEMPTS"] ?? settings["max_attempts"] else { return }
        if let attempts = Int(text), (1...100).contains(attempts) {
            retry = RetryPolicy(maxAttempts: attempts)
        } else {
            problems.append(Problem("AWS_MAX_ATTEMPTS", "must be a whole number from 1 to 100"))
        }
    }

    // MARK: Endpoints

    /// In the order of the SDKs: the service's variable, the common one, the profile's service, the profile's common
    /// one, the region's own.
    private mutating func resolve(_ service: AWSService, _ environment: [String: String], _ files: SharedFiles) {
        let settings = files.config
        let ignored = Self.flag(environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"])
        let own = "AWS_ENDPOINT_URL_\(service.environmentName)"
        let candidates: [(name: String, value: String?)] = [
            (own, environment[own]), ("AWS_ENDPOINT_URL", environment["AWS_ENDPOINT_URL"]),
            ("services \(service.configName) endpoint_url", files.serviceEndpoint(service.configName)),
            ("endpoint_url", settings["endpoint_url"]),
        ]
        if !ignored, let (name, value) = candidates.first(where: { $0.value != nil }), let value {
            if let endpoint = Self.endpoint(value) {
                endpoints[service] = endpoint
                configured.insert(service)
                return
            }
            problems.append(Problem(name, "must be http://host:port or https://host:port"))
        }
        endpoints[service] = regional(service, region)
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

    private static func isRegion(_ text: String) -> Bool {
        text.utf8.count <= 64 && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }

    private static func flag(_ text: String?) -> Bool { text?.lowercased() == "true" }
}

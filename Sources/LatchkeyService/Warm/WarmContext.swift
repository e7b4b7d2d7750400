internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeySettings
internal import LatchkeyUpstream

/// What a warm file belongs to. A file of another context does not open.
struct WarmContext: Sendable {
    /// The parts, in order. None of them is secret.
    let parts: [String]

    /// - Parameters:
    ///   - readFile: reads a small file; nil if it does not exist.
    init(_ settings: Settings, readFile: (String) -> String?) {
        let endpoints = AWSService.allCases.compactMap { service in
            settings.aws.endpoints[service].map { "\($0.origin.scheme.rawValue)://\($0.origin.authority)" }
        }
        parts = [
            settings.prefix, settings.aws.region, endpoints.joined(separator: " "), Self.identity(settings),
            Self.machine(settings.environment, readFile),
        ]
    }

    /// The bytes that the seal covers: each part with its length before it, so that no two contexts are equal.
    var bytes: [UInt8] { parts.flatMap { Array("\($0.utf8.count):\($0);".utf8) } }

    /// The access key id or the role that the environment names; otherwise the profile of the shared files.
    private static func identity(_ settings: Settings) -> String {
        let environment = settings.environment
        let named = ["AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN"].lazy
            .compactMap { name in environment[name].flatMap { $0.isEmpty ? nil : "\(name) \($0)" } }.first
        return named ?? "profile \(settings.aws.profile)"
    }

    /// The machine's id (machine-id(5)); empty in a container, whose files and id end with it.
    private static func machine(_ environment: [String: String], _ readFile: (String) -> String?) -> String {
        let isContainer =
            environment["KUBERNETES_SERVICE_HOST"] != nil || environment["container"] != nil
            || ["/.dockerenv", "/run/.containerenv"].contains { readFile($0) != nil }
        guard !isContainer, let id = readFile("/etc/machine-id") else { return "" }
        return String(id.prefix { !$0.isNewline })
    }
}

internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

extension TemplateSource {
    /// The request's target at the broker.
    ///
    /// - Parameter wait: the seconds for which the broker waits for a change of a secret; nil to answer at once.
    func target(wait: Int? = nil) -> String {
        switch self {
        case .secret(let key):
            "/secrets/\(PercentEncoding.encode(key, keeping: "/"))\(wait.map { "?wait=\($0)" } ?? "")"
        case .token("default"): "/token"
        case .token(let profile): "/token/\(PercentEncoding.encode(profile))"
        }
    }

    /// Reads the value.
    func value(from broker: BrokerConnection) async throws -> Secret {
        let response = try await broker.require(target(), accept: "text/plain")
        return Secret(response.body)
    }
}

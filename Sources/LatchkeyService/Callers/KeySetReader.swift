internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyUpstream

/// Reads key sets from URLs.
struct KeySetReader: Sendable {
    /// Sends a request by the deadline.
    ///
    /// - `authorities`: path of the certificates that are trusted; nil for those of the system.
    typealias Send =
        @Sendable (
            _ request: HTTPRequest, _ origin: Origin, _ authorities: String?, _ deadline: MonotonicTime
        ) async -> Result<HTTPResponse, HTTPClientError>

    let userAgent: String
    let send: Send

    /// Reads a key set once. A redirect is not followed.
    ///
    /// - Parameters:
    ///   - url: of the key set.
    ///   - authorities: path of the certificates that are trusted; nil for those of the system.
    ///   - bearer: the token to send; nil for none.
    func read(
        _ url: String, authorities: String?, bearer: Secret?, deadline: MonotonicTime
    ) async -> Result<JSONWebKeySet, KeySetFault> {
        guard let endpoint = try? KeySetEndpoint(url) else {
            return .failure(KeySetFault(unfit: "not a URL of a key set"))
        }
        var request = HTTPRequest(
            method: "GET", target: endpoint.target,
            fields: ["Accept": "application/jwk-set+json, application/json", "User-Agent": userAgent])
        if let bearer {
            guard let text = bearer.revealText(), !text.isEmpty, text.utf8.allSatisfy(ASCII.isVisible) else {
                return .failure(KeySetFault(unfit: "the bearer token holds a byte that no header can carry"))
            }
            request.fields["Authorization"] = "Bearer \(text)"
        }
        switch await send(request, endpoint.origin, authorities, deadline) {
        case .failure(let error): return .failure(KeySetFault(error))
        case .success(let response):
            guard response.status == 200 else { return .failure(KeySetFault(status: response.status)) }
            return Self.parse(response.body)
        }
    }

    /// The key set in a response or a file.
    static func parse(_ text: [UInt8]) -> Result<JSONWebKeySet, KeySetFault> {
        Result { () throws(JSONWebKeySet.Rejection) in try JSONWebKeySet(text) }.mapError { KeySetFault($0) }
    }
}

package import LatchkeyHTTP

/// Keeps pages of a browser on this machine from the embedded services, which accept any credentials.
package enum LocalRequests {
    /// A handler that passes on the requests of local tools. It refuses with 403 what a browser sends
    /// (``SenderFields/browser``), and a `Host` that is no name of this machine (``LoopbackHost``).
    package static func only(_ handler: @escaping SimpleHandler) -> SimpleHandler {
        { request in
            guard let reason = refusal(of: request) else { return await handler(request) }
            return HTTPResponse(status: 403, fields: ["Content-Type": "text/plain"], body: Array("\(reason)\n".utf8))
        }
    }

    private static func refusal(of request: HTTPRequest) -> String? {
        if SenderFields(of: request.fields).contains(.browser) {
            return "requests of browsers are refused"
        }
        guard let host = request.fields["Host"], !Array(host.utf8).withUnsafeBytes(LoopbackHost.contains) else {
            return nil
        }
        return "host must be localhost or a loopback address"
    }
}

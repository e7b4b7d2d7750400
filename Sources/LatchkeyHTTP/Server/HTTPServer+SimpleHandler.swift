package import LatchkeyNet

/// Answers one whole request. The embedded development services are such handlers.
package typealias SimpleHandler = @Sendable (HTTPRequest) async -> HTTPResponse

extension HTTPServer {
    /// Starts a server whose handler receives whole requests as values and answers asynchronously. For servers that need
    /// not be fast.
    package static func start(
        simple handler: @escaping SimpleHandler, on addresses: [SocketAddress], workers: Int = 1,
        limits: ServerLimits = ServerLimits()
    ) throws(StartError) -> HTTPServer {
        var configuration = Configuration(listenAddresses: addresses.map { .address($0) }, workers: workers)
        configuration.limits = limits
        return try start(configuration) {
            RequestHandler { context, writer in
                let request = HTTPRequest(
                    method: String(decoding: context.method, as: UTF8.self),
                    target: context.head.target.text(of: context.bytes),
                    fields: context.head.fields(in: context.bytes), body: [UInt8](context.body))
                return context.deferReply(writer) { deferred in
                    Task {
                        let response = await handler(request)
                        deferred.send { $0.send(response) }
                    }
                }
            }
        }
    }
}

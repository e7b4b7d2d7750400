package import LatchkeyNet

/// Answers one whole request; what the embedded development peers are.
package typealias SimpleHandler = @Sendable (HTTPRequest) async -> HTTPResponse

extension HTTPServer {
    /// A server whose handler is given whole requests as values and answers when it likes: for peers that are simple
    /// rather than fast.
    package static func start(
        simple handler: @escaping SimpleHandler, on addresses: [SocketAddress], workers: Int = 1,
        limits: ServerLimits = ServerLimits()
    ) throws(StartError) -> HTTPServer {
        var configuration = Configuration(places: addresses.map { .address($0) }, workers: workers)
        configuration.limits = limits
        return try start(configuration) {
            RequestHandler { exchange in
                let request = HTTPRequest(
                    method: exchange.methodText, target: exchange.head.target.text(of: exchange.bytes),
                    fields: exchange.head.fields(in: exchange.bytes), body: [UInt8](exchange.body))
                guard let later = exchange.later() else { return }
                Task {
                    let response = await handler(request)
                    later.send { $0.reply(response) }
                }
            }
        }
    }
}

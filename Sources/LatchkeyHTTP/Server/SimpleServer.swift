package import LatchkeyNet

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

extension RequestContext {
    /// The method as sent.
    package var methodText: String {
        let end = bytes.firstIndex(of: 0x20) ?? 0
        let line = String(decoding: bytes[..<end], as: UTF8.self)
        return String(line.drop { $0.isNewline })
    }
}

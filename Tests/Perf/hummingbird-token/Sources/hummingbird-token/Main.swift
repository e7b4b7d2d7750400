import Hummingbird
import Logging
import NIOPosix

/// Answers `GET /token` with a constant body if the key is right: `hummingbird-token PORT KEY BODY`.
@main struct Main {
    static func main() async throws {
        let words = CommandLine.arguments
        guard words.count == 4, let port = Int(words[1]) else { fatalError("hummingbird-token PORT KEY BODY") }
        let (authorization, body) = ("Bearer \(words[2])", ByteBuffer(string: words[3]))
        let router = Router()
        router.get("token") { request, _ in
            guard request.headers[.authorization] == authorization else { return Response(status: .unauthorized) }
            return Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: body))
        }
        var logger = Logger(label: "hummingbird-token")
        logger.logLevel = .error
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)), logger: logger)
        try await application.runService()
    }
}

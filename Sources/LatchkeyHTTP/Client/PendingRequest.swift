internal import LatchkeyCore
internal import LatchkeyNet

/// One request in the client: its bytes, its deadline, and the completion for its response.
final class PendingRequest {
    let id: UInt64
    let destination: Destination
    let method: String
    let bytes: [UInt8]
    let acceptsGzip: Bool
    /// See ``HTTPRequest/isSentOnce``.
    let isSentOnce: Bool
    let deadline: MonotonicTime
    /// The timer of the deadline, set until the request ends.
    var timer: TimerID?
    /// The connection that carries the request, or is being opened for it.
    weak var connection: ClientConnection?
    /// Whether the request has been sent on a kept-alive connection that the peer had closed. It is sent once more, on a new
    /// connection (RFC 9112 §9.3.1).
    private(set) var isRetry = false

    private var finish: ((Result<HTTPResponse, HTTPClientError>) -> Void)?

    init(
        id: UInt64, destination: Destination, method: String, bytes: [UInt8], acceptsGzip: Bool, isSentOnce: Bool,
        deadline: MonotonicTime, finish: @escaping (Result<HTTPResponse, HTTPClientError>) -> Void
    ) {
        self.id = id
        self.destination = destination
        self.method = method
        self.bytes = bytes
        self.acceptsGzip = acceptsGzip
        self.isSentOnce = isSentOnce
        self.deadline = deadline
        self.finish = finish
    }

    func markRetry() { isRetry = true }

    /// Calls the completion, once.
    func end(_ result: Result<HTTPResponse, HTTPClientError>, on loop: EventLoop) {
        if let timer { loop.cancel(timer) }
        timer = nil
        finish?(result)
        finish = nil
    }

    /// Ends with a response, decompressed if the request has asked for gzip (RFC 9110 §8.4).
    func end(with response: HTTPResponse, limit: Int, on loop: EventLoop) {
        end(decoded(response, limit: limit), on: loop)
    }

    private func decoded(_ response: HTTPResponse, limit: Int) -> Result<HTTPResponse, HTTPClientError> {
        var response = response
        let codings = response.fields.values("content-encoding").joined(separator: ",").utf8.filter { $0 != 0x20 }
        // The name of a coding is ASCII (RFC 9110 §8.4.1). Any other text is an unknown coding.
        switch codings.allSatisfy({ $0 < 0x80 }) ? String(decoding: codings, as: UTF8.self).lowercased() : "?" {
        case "", "identity": return .success(response)
        case "gzip" where acceptsGzip, "x-gzip" where acceptsGzip:
            if response.body.isEmpty { return .success(response) }
            do throws(Inflater.InflateError) {
                response.body = try Inflater.gunzip(response.body, limit: limit)
                response.fields["content-encoding"] = nil
                return .success(response)
            } catch {
                return .failure(error == .tooLarge ? .tooLarge : .unexpectedEncoding)
            }
        default: return .failure(.unexpectedEncoding)
        }
    }
}

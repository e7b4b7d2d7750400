internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// The parts of a token's answer that stay the same while the token does (RFC 6749 §5.1).
final class RenderedToken: Sendable {
    let version: UInt64
    /// Field lines up to the digits of `Age`, for JSON and for the bare token.
    private let fields: [UInt8]
    private let textFields: [UInt8]
    private let text: [UInt8]
    private let bodyStart: [UInt8]
    private let bodyEnd: [UInt8]
    private let received: Int64
    private let expiry: Expiry

    /// - Parameter isOAuth: for OAuth clients, with the `Pragma` that RFC 6749 §5.1 asks for.
    init(_ entry: TokenEntry, tier: Tier, isOAuth: Bool = false) {
        version = entry.version
        let token = entry.token
        received = token.received.monotonic.nanoseconds
        expiry = token.expiry
        let common = """
            Cache-Control: no-store\r\n\(isOAuth ? "Pragma: no-cache" : "Vary: Accept")\r\n\
            X-Latchkey-Tier: \(tier.name)\r\n\
            X-Latchkey-Expires-At: \(RFC3339.format(token.expiry.wall))\r\nAge:\u{20}
            """
        fields = Array("Content-Type: application/json\r\n\(common)".utf8)
        textFields = Array("Content-Type: text/plain; charset=utf-8\r\n\(common)".utf8)
        text = token.value.reveal()
        // The broker lets only visible ASCII through, but a quote or a backslash is visible too.
        let quoted = JSON.string(token.value.revealText() ?? "").bytes()
        bodyStart = Array("{\"access_token\":".utf8) + quoted + Array(",\"token_type\":\"Bearer\",\"expires_in\":".utf8)
        let scope = token.scope.map { ",\"scope\":" + JSON.string($0).text } ?? ""
        bodyEnd = Array("\(scope)}".utf8)
    }

    /// Renders the answer: what was prepared, and the numbers that change.
    ///
    /// - Parameters:
    ///   - isText: the bare token, without a line end.
    ///   - id: appends the request's id.
    func write(
        isText: Bool = false, isStale: Bool, isRejected: Bool, refreshError: UpstreamFault?, now: Now,
        to reply: ReplyWriter, id: (ReplyWriter) -> Void
    ) {
        reply.begin(200)
        reply.append(isText ? textFields : fields)
        reply.append(max(0, (now.monotonic.nanoseconds - received) / 1_000_000_000))
        reply.append("\r\nX-Request-Id: ")
        id(reply)
        reply.append("\r\n")
        if isStale { reply.append("X-Latchkey-Stale: true\r\n") }
        if isRejected { reply.append("X-Latchkey-Rejected: true\r\n") }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        if isText { return reply.end(text) }
        let left = secondsLeft(now)
        reply.endHead(contentLength: bodyStart.count + Self.digits(left) + bodyEnd.count)
        guard !reply.isHead else { return }
        reply.append(bodyStart)
        reply.append(left)
        reply.append(bodyEnd)
    }

    /// Whole seconds to the expiry by whichever clock leaves less, in plain integers: this runs for every request.
    private func secondsLeft(_ now: Now) -> Int64 {
        let monotonic = (expiry.monotonic.nanoseconds - now.monotonic.nanoseconds) / 1_000_000_000
        let wall = (expiry.wall.milliseconds - now.wall.milliseconds) / 1000
        return max(0, min(monotonic, wall))
    }

    /// How many decimal digits a number that is not negative has.
    private static func digits(_ number: Int64) -> Int {
        var (rest, count) = (number / 10, 1)
        while rest > 0 { (rest, count) = (rest / 10, count + 1) }
        return count
    }
}

/// One worker's pages: each token is rendered once a worker.
struct RenderedTokens {
    private var pages: [RenderedToken?] = []

    mutating func page(_ profile: ProfileID, _ entry: TokenEntry) -> RenderedToken {
        while pages.count <= profile.index { pages.append(nil) }
        if let page = pages[profile.index], page.version == entry.version { return page }
        let page = RenderedToken(entry, tier: .memory)
        pages[profile.index] = page
        return page
    }
}

extension Endpoints {
    /// `GET /token` and `GET /token/{profile}`. The hit is everything before the broker's `token`.
    func token(
        _ exchange: RequestContext, _ call: Call, profile: ProfileID, _ query: UnsafeRawBufferPointer,
        _ pages: inout RenderedTokens
    ) throws(Problem) {
        var ask = TokenAsk()
        if !query.isEmpty {
            let query = try RequestQuery(query, allowed: call.entry.query)
            ask = TokenAsk(minTTL: try query.seconds("min_ttl"), refresh: try query.flag("refresh"))
        }
        let isText = Negotiation.prefersText(exchange.slice(exchange.head.accept))
        let now = services.time.now()
        if !ask.refresh, let cached = services.tokens.cached(profile, now: now, minTTL: ask.minTTL) {
            let page = pages.page(profile, cached.entry)
            let id = exchange.slice(exchange.head.requestID)
            page.write(
                isText: isText, isStale: cached.isStale, isRejected: cached.isRejected,
                refreshError: cached.refreshError, now: now, to: exchange.reply
            ) {
                self.ids.append(id, to: $0)
            }
            return answered(exchange, call)
        }
        miss(exchange, call, profile, ask, isText: isText, now)
    }

    private func miss(
        _ exchange: RequestContext, _ call: Call, _ profile: ProfileID, _ ask: TokenAsk, isText: Bool, _ now: Now
    ) {
        let id = ids.text(exchange.slice(exchange.head.requestID))
        guard let later = exchange.deferReply() else { return }
        let (recorder, request, time) = (services.recorder, request(call), services.time)
        services.tokens.token(profile, ask, deadline: now.monotonic + services.patience) { result in
            later.send { reply in
                switch result {
                case .success(let served):
                    let now = time.now()
                    RenderedToken(served.entry, tier: served.tier).write(
                        isText: isText, isStale: served.entry.isStale(now), isRejected: served.isRejected,
                        refreshError: served.refreshError, now: now, to: reply
                    ) { $0.append(Array(id.utf8)) }
                // Of a token this says that its profile was removed meanwhile.
                case .failure(let fault) where fault.reason == .notFound:
                    Self.write(Self.noSuchProfile, id: id, to: reply)
                case .failure(let fault): Self.write(Problem(fault, what: "token"), id: id, to: reply)
                }
                recorder.record(request, reply)
            }
        }
    }
}

extension Tier {
    /// ``name`` without a String.
    var header: StaticString {
        switch self {
        case .memory: "memory"
        case .parameterStore: "parameter-store"
        case .secretsManager: "secrets-manager"
        case .auth0: "auth0"
        case .oauth2: "oauth2"
        case .dynamodb: "dynamodb"
        }
    }
}

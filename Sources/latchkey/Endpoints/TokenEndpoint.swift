internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// The parts of a token's answer that stay the same while the token does (RFC 6749 §5.1).
struct TokenPage: Sendable {
    let version: UInt64
    let expiresAt: [UInt8]
    let bodyStart: [UInt8]
    let bodyEnd: [UInt8]

    init(_ entry: TokenEntry) {
        version = entry.version
        let token = entry.token
        expiresAt = Array("X-Latchkey-Expires-At: \(RFC3339.format(token.expiry.wall))\r\n".utf8)
        // The broker lets only visible ASCII through, but a quote or a backslash is visible too.
        let text = JSON.string(token.value.revealText() ?? "").bytes()
        bodyStart = Array("{\"access_token\":".utf8) + text + Array(",\"token_type\":\"Bearer\",\"expires_in\":".utf8)
        let scope = token.scope.map { ",\"scope\":" + JSON.string($0).text } ?? ""
        bodyEnd = Array("\(scope)}".utf8)
    }
}

/// One worker's pages: each token is rendered once a worker.
struct TokenPages {
    private var pages: [Int: TokenPage] = [:]

    mutating func page(_ profile: ProfileID, _ entry: TokenEntry) -> TokenPage {
        if let page = pages[profile.index], page.version == entry.version { return page }
        let page = TokenPage(entry)
        pages[profile.index] = page
        return page
    }
}

extension Endpoints {
    /// `GET /token` and `GET /token/{profile}`. The hit is everything before the broker's `token`.
    func token(
        _ exchange: Exchange, _ call: Call, profile: ProfileID, _ query: UnsafeRawBufferPointer,
        _ pages: inout TokenPages
    ) throws(Problem) {
        var ask = TokenAsk()
        if !query.isEmpty {
            let query = try RequestQuery(query, allowed: call.entry.query)
            ask = TokenAsk(minTTL: try query.seconds("min_ttl"), refresh: try query.flag("refresh"))
        }
        let now = services.time.now()
        if !ask.refresh, let entry = services.tokens.cached(profile, now: now, minTTL: ask.minTTL) {
            let page = pages.page(profile, entry)
            let id = exchange.slice(exchange.head.requestID)
            Self.write(
                page, entry, tier: .memory, refreshError: nil, now: now, to: exchange.reply
            ) { self.ids.append(id, to: $0) }
            return count(call.entry.route, call.method, 200, since: call.started)
        }
        miss(exchange, call, profile, ask, now)
    }

    private func miss(_ exchange: Exchange, _ call: Call, _ profile: ProfileID, _ ask: TokenAsk, _ now: Now) {
        let id = ids.text(exchange.slice(exchange.head.requestID))
        guard let later = exchange.later() else { return }
        let (route, method, started) = (call.entry.route, call.method, call.started)
        let (metrics, time) = (services.metrics, services.time)
        services.tokens.token(profile, ask, deadline: now.monotonic + services.patience) { result in
            later.send { reply in
                switch result {
                case .success(let served):
                    Self.write(
                        TokenPage(served.entry), served.entry, tier: served.tier, refreshError: served.refreshError,
                        now: time.now(), to: reply
                    ) { $0.append(Array(id.utf8)) }
                case .failure(let fault): Self.write(Problem(fault, what: "token"), id: id, to: reply)
                }
                Self.count(metrics, route, method, reply.status, since: started)
            }
        }
    }

    /// Renders a token's answer: the page, and the numbers that change.
    private static func write(
        _ page: TokenPage, _ entry: TokenEntry, tier: Tier, refreshError: UpstreamFault?, now: Now,
        to reply: ReplyWriter, id: (ReplyWriter) -> Void
    ) {
        reply.begin(200)
        reply.append("Content-Type: application/json\r\nCache-Control: no-store\r\nX-Latchkey-Tier: ")
        reply.append(tier.header)
        reply.append("\r\n")
        reply.append(page.expiresAt)
        reply.append("Age: ")
        reply.append(max(0, (now.monotonic.nanoseconds - entry.token.received.monotonic.nanoseconds) / 1_000_000_000))
        reply.append("\r\nX-Request-Id: ")
        id(reply)
        reply.append("\r\n")
        if entry.isStale(now) { reply.append("X-Latchkey-Stale: true\r\n") }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        let left = entry.token.expiresIn(now)
        let length = page.bodyStart.count + digits(left) + page.bodyEnd.count
        reply.endHead(contentLength: length)
        guard !reply.isHead else { return }
        reply.append(page.bodyStart)
        reply.append(left)
        reply.append(page.bodyEnd)
    }

    /// How many decimal digits a number that is not negative has.
    private static func digits(_ number: Int64) -> Int {
        var (rest, count) = (number / 10, 1)
        while rest > 0 { (rest, count) = (rest / 10, count + 1) }
        return count
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

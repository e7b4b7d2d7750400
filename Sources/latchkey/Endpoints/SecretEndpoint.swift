internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Endpoints {
    /// `GET /secrets/{key}`.
    func secret(_ exchange: Exchange, _ call: Call, _ queryBytes: UnsafeRawBufferPointer) throws(Problem) {
        let query = try RequestQuery(queryBytes, allowed: call.entry.query)
        guard let segments = PercentEncoding.segments([UInt8(ascii: "/")] + call.rest) else {
            throw Problem(400, .badRequest, "the key must be plain path segments, without . or .. or an escaped slash")
        }
        guard let key = SecretKey(segments.joined(separator: "/")) else {
            throw Problem(404, .notFound, "no such secret")
        }
        let wanted = SecretQuery(key, version: query["version"], label: query["label"])
        let refresh = try query.flag("refresh")
        let now = services.time.now()
        let form = try SecretForm(
            exchange, field: query["field"], id: ids.text(exchange.slice(exchange.head.requestID)))
        if !refresh, let hit = services.secrets.cached(wanted, now: now) {
            switch hit {
            case .found(let entry, let isStale):
                form.write(entry, tier: .memory, isStale: isStale, refreshError: nil, now: now, to: exchange.reply)
            case .absent: form.write(UpstreamFault(.notFound), to: exchange.reply)
            }
            return count(call.entry.route, call.method, exchange.reply.status, since: call.started)
        }
        guard let later = exchange.later() else { return }
        let (route, method, started) = (call.entry.route, call.method, call.started)
        let (metrics, time) = (services.metrics, services.time)
        services.secrets.secret(wanted, refresh: refresh, deadline: now.monotonic + services.patience) { result in
            later.send { reply in
                switch result {
                case .success(let served):
                    form.write(
                        served.entry, tier: served.tier, isStale: served.isStale, refreshError: served.refreshError,
                        now: time.now(), to: reply)
                case .failure(let fault): form.write(fault, to: reply)
                }
                Self.count(metrics, route, method, reply.status, since: started)
            }
        }
    }
}

/// How one caller wants a secret's answer.
struct SecretForm: Sendable {
    private let field: String?
    private let isPlain: Bool
    private let tags: String?
    private let id: String

    init(_ exchange: Exchange, field: String?, id: String) throws(Problem) {
        let accept = exchange.head.accept
        let text = accept.isPresent ? accept.text(of: exchange.bytes) : nil
        let plain = Negotiation.weight(ofType: "text/plain", in: text)
        let json = Negotiation.weight(ofType: "application/json", in: text)
        // `*/*` and no preference at all mean JSON.
        isPlain = plain > json
        if let field, field.isEmpty { throw Problem(400, .badRequest, "field must name a member, as in a.b") }
        self.field = field
        self.id = id
        tags = exchange.head.ifNoneMatch.isPresent ? exchange.head.ifNoneMatch.text(of: exchange.bytes) : nil
    }

    func write(_ fault: UpstreamFault, to reply: ReplyWriter) {
        Endpoints.write(Problem(fault, what: "secret"), id: id, to: reply)
    }

    func write(
        _ entry: SecretEntry, tier: Tier, isStale: Bool, refreshError: UpstreamFault?, now: Now, to reply: ReplyWriter
    ) {
        var value = entry.value
        if let field {
            guard let found = entry.field(field) else {
                return Endpoints.write(
                    Problem(404, .notFound, "the secret has no such field"), id: id, to: reply)
            }
            value = found
        }
        let isUnchanged = tags.map { Self.matches(entry.etag, $0) } ?? false
        reply.begin(isUnchanged ? 304 : 200)
        reply.append("Cache-Control: no-store\r\nX-Latchkey-Tier: ")
        reply.append(tier.header)
        reply.append("\r\n")
        reply.field("ETag", entry.etag)
        reply.field("X-Request-Id", id)
        reply.append("Vary: Accept\r\nAge: ")
        reply.append(max(0, (now.monotonic - entry.received.monotonic).components.seconds))
        reply.append("\r\n")
        if isStale { reply.append("X-Latchkey-Stale: true\r\n") }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        if isUnchanged { return reply.endWithoutBody() }
        if isPlain {
            reply.append(
                entry.isBinary
                    ? "Content-Type: application/octet-stream\r\n" : "Content-Type: text/plain; charset=utf-8\r\n")
            reply.end(value.reveal())
        } else {
            reply.append("Content-Type: application/json\r\n")
            reply.end(Self.json(entry, value))
        }
    }

    private static func json(_ entry: SecretEntry, _ value: Secret) -> [UInt8] {
        let text = entry.isBinary ? nil : value.revealText()
        return JSON.object([
            "key": .string(entry.key), "value": .string(text ?? Base64.encode(value.reveal())),
            "version": .string(entry.version), "source": .string(entry.source.name),
            "encoding": text == nil ? "base64" : "utf8",
        ]).bytes()
    }

    /// `If-None-Match` (RFC 9110 §13.1.2): weak comparison, lists and `*`.
    private static func matches(_ tag: String, _ field: String) -> Bool {
        field.split(separator: ",").contains { candidate in
            var candidate = candidate.drop { $0 == " " || $0 == "\t" }
            while candidate.last == " " || candidate.last == "\t" { candidate.removeLast() }
            if candidate.hasPrefix("W/") { candidate = candidate.dropFirst(2) }
            return candidate == "*" || candidate == tag
        }
    }
}

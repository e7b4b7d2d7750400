internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Endpoints {
    /// `GET /secrets/{key}`.
    func secret(_ exchange: RequestContext, _ call: Call, _ queryBytes: UnsafeRawBufferPointer) throws(Problem) {
        let query = try RequestQuery(queryBytes, allowed: call.entry.query)
        guard let segments = PercentEncoding.segments([UInt8(ascii: "/")] + call.rest) else {
            throw Problem(
                400, .badRequest, "the key must be percent-encoded path segments, none of them empty, . or ..")
        }
        guard let key = SecretKey(requested: segments.joined(separator: "/")) else {
            throw Problem(404, .notFound, "no such secret")
        }
        let wanted = try SecretQuery(key, selectors: query, store: services.secrets.places?.store(of: key))
        let refresh = try query.flag("refresh")
        let now = services.time.now()
        let form = try SecretForm(
            exchange, field: query["field"], id: ids.text(exchange.slice(exchange.head.requestID)))
        if let wait = try query.seconds("wait", upTo: SecretWaits.longest), wait > .zero, form.isConditional {
            return try self.wait(exchange, call, wanted, form, until: now.monotonic + wait)
        }
        if !refresh, let cached = services.secrets.cached(wanted, now: now) {
            form.write(cached, now: now, to: exchange.reply)
            return answered(exchange, call)
        }
        guard let later = exchange.later() else { return }
        let (recorder, request, time) = (services.recorder, request(call), services.time)
        services.secrets.secret(
            wanted, demand: refresh ? .forced : .cached, deadline: now.monotonic + services.patience
        ) { result in
            later.send { reply in
                form.write(result, now: time.now(), to: reply)
                recorder.record(request, reply)
            }
        }
    }

    /// Answers when the caller's tag no longer holds.
    private func wait(
        _ exchange: RequestContext, _ call: Call, _ wanted: SecretQuery, _ form: SecretForm, until end: MonotonicTime
    ) throws(Problem) {
        let services = services
        guard services.waits.enter() else {
            throw Problem(UpstreamFault(.overloaded, retryAfter: .seconds(1)), what: "secret")
        }
        guard let later = exchange.later() else { return services.waits.leave() }
        let (request, patience) = (request(call), services.patience)
        Task { @Sendable in
            let result = await services.waits.answer(
                to: wanted, until: end, patience: patience, isAwaited: { later.isAwaited },
                while: { form.holds($0.entry) })
            services.waits.leave()
            later.send { reply in
                form.write(result, now: services.time.now(), to: reply)
                services.recorder.record(request, reply)
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

    init(_ exchange: RequestContext, field: String?, id: String) throws(Problem) {
        isPlain = Negotiation.prefersText(exchange.slice(exchange.head.accept))
        if let field, field.isEmpty { throw Problem(400, .badRequest, "field must name a member, as in a.b") }
        self.field = field
        self.id = id
        tags = exchange.head.ifNoneMatch.isPresent ? exchange.head.ifNoneMatch.text(of: exchange.bytes) : nil
    }

    func write(_ fault: UpstreamFault, to reply: ReplyWriter) {
        Endpoints.write(Problem(fault, what: "secret"), id: id, to: reply)
    }

    /// The caller has a tag to compare.
    var isConditional: Bool { tags != nil }

    /// Whether a tag the caller has is the entry's.
    func holds(_ entry: SecretEntry) -> Bool { tags.map { Self.matches(entry.etag, $0) } ?? false }

    func write(_ result: Result<ServedSecret, UpstreamFault>, now: Now, to reply: ReplyWriter) {
        switch result {
        case .success(let served): write(served, now: now, to: reply)
        case .failure(let fault): write(fault, to: reply)
        }
    }

    func write(_ served: ServedSecret, now: Now, to reply: ReplyWriter) {
        let entry = served.entry
        var value = entry.value
        // A tag is a version's: a caller who has it was given the field of it. `*` proves nothing of that kind.
        let isUnchanged = holds(entry)
        if let field, !isUnchanged || tags.map({ $0.hasSameBytes(as: "*") }) ?? false {
            do throws(UpstreamFault) {
                guard let found = try entry.field(field) else {
                    return Endpoints.write(
                        Problem(404, .notFound, "the secret has no such field"), id: id, to: reply)
                }
                value = found
            } catch {
                return write(error, to: reply)
            }
        }
        reply.begin(isUnchanged ? 304 : 200)
        reply.append("Cache-Control: no-store\r\nX-Latchkey-Tier: ")
        reply.append(served.tier.header)
        reply.append("\r\n")
        reply.field("ETag", entry.etag)
        reply.field("X-Request-Id", id)
        reply.append("Vary: Accept\r\nAge: ")
        reply.append(max(0, (now.monotonic - served.received.monotonic).components.seconds))
        reply.append("\r\n")
        if served.isStale { reply.append("X-Latchkey-Stale: true\r\n") }
        if let refreshError = served.refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        if isUnchanged { return reply.endWithoutBody() }
        if isPlain {
            reply.append(
                entry.isBinary
                    ? "Content-Type: application/octet-stream\r\n" : "Content-Type: text/plain; charset=utf-8\r\n")
            reply.end(value.reveal())
        } else {
            reply.append("Content-Type: application/json\r\n")
            reply.end(Self.page(entry, value).bytes())
        }
    }

    static func page(_ entry: SecretEntry, _ value: Secret) -> JSON {
        let text = entry.isBinary ? nil : value.revealText()
        return [
            "key": .string(entry.key), "value": .string(text ?? Base64.encode(value.reveal())),
            "version": .string(entry.version), "source": .string(entry.source.name),
            "encoding": text == nil ? "base64" : "utf8",
        ]
    }

    /// `If-None-Match` (RFC 9110 §13.1.2): weak comparison, lists and `*`. Read as bytes, in time linear in its length.
    private static func matches(_ tag: String, _ field: String) -> Bool {
        field.utf8.split(separator: UInt8(ascii: ",")).contains { candidate in
            var candidate = candidate.drop { $0 == 0x20 || $0 == 0x09 }
            while candidate.last == 0x20 || candidate.last == 0x09 { candidate = candidate.dropLast() }
            if candidate.starts(with: "W/".utf8) { candidate = candidate.dropFirst(2) }
            return candidate.elementsEqual("*".utf8) || candidate.elementsEqual(tag.utf8)
        }
    }
}

internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `GET /livez` and `GET /readyz`: two words, for probes without a key.
    func probe(isGood: Bool, _ reply: consuming APIReply) -> ReplyReceipt {
        let reply = reply.begin(isGood ? 200 : 503)
        reply.append("Content-Type: text/plain\r\n")
        return reply.end(Array((isGood ? "ok" : "not ready").utf8))
    }

    /// `GET /health`. Answered from memory; no upstream is called. Only callers with the scope `admin` see the ids and the
    /// last use of all callers.
    ///
    /// - Parameter query: has no parameters.
    func health(_ request: borrowing APIRequest, _ query: RequestQuery, _ reply: consuming APIReply) -> ReplyReceipt {
        let now = services.time.now()
        let report = services.health(now)
        var members = report.json.object ?? [:]
        if let caller = request.credentials.caller, caller.opens(.admin) { members["callers"] = lastUses(now) }
        let reply = reply.begin(report.isUnavailable ? 503 : 200)
        reply.append("Content-Type: application/json\r\n")
        if report.isUnavailable { reply.append("Retry-After: 5\r\n") }
        return reply.end(JSON.object(members).bytes())
    }

    private func lastUses(_ now: Now) -> JSON {
        let callers = keys.ring.lastUses(now).map { id, time -> (String, JSON) in
            (id, ["last_used": time.map { .string(RFC3339.format($0)) } ?? .null])
        }
        return .object(JSONObject(callers))
    }

    /// `GET /metrics` in the format that the scraper prefers.
    ///
    /// - Parameter query: has no parameters.
    func metrics(_ request: borrowing APIRequest, _ query: RequestQuery, _ reply: consuming APIReply) -> ReplyReceipt {
        let context = request.context
        let accept = context.head.accept.isPresent ? context.head.accept.text(of: context.bytes) : nil
        let open = Negotiation.weight(ofType: "application/openmetrics-text", in: accept)
        let plain = Negotiation.weight(ofType: "text/plain", in: accept)
        let format: ExpositionFormat = accept != nil && open > plain ? .openMetrics100 : .prometheus004
        let encodings = context.head.acceptEncoding
        let gzip = Negotiation.acceptsGzip(encodings.isPresent ? encodings.text(of: context.bytes) : nil)
        let kind = MetricsRenderer.Kind(format: format, isCompressed: gzip)
        let now = services.time.now().monotonic
        if let page = services.metricsRenderer.recent(kind, now: now) { return page.write(to: reply) }
        let renderer = services.metricsRenderer
        return deferAnswer(request, reply) { deferred in
            renderer.render(kind, now: now) { page in deferred.send { page.write(to: $0) } }
        }
    }

    /// `GET /openapi.yaml`: this version's interface.
    ///
    /// - Parameter query: has no parameters.
    func openAPI(_ request: borrowing APIRequest, _ query: RequestQuery, _ reply: consuming APIReply) -> ReplyReceipt {
        let (head, bytes) = (request.context.head, request.context.bytes)
        let encodings = head.acceptEncoding
        let gzip = Negotiation.acceptsGzip(encodings.isPresent ? encodings.text(of: bytes) : nil)
        let tags = head.ifNoneMatch.isPresent ? head.ifNoneMatch.text(of: bytes) : nil
        return APIDocument.get(isCompressed: gzip).write(to: reply, unless: tags)
    }

    /// `POST /cache/clear` empties the memory tier. The stores are not changed. Only callers with the scope `admin` get
    /// here (``RouteTable``).
    ///
    /// - Parameter query: has no parameters.
    func clearCache(
        _ request: borrowing APIRequest, _ query: RequestQuery, _ reply: consuming APIReply
    ) -> ReplyReceipt {
        services.tokens.clear()
        services.secrets.clear()
        return onceDurable(request, reply) { $0.begin(204).endWithoutBody() }
    }

    /// Answers when what was forgotten or marked cannot come back after a restart.
    func onceDurable(
        _ request: borrowing APIRequest, _ reply: consuming APIReply,
        _ write: @escaping @Sendable (consuming APIReply) -> ReplyReceipt
    ) -> ReplyReceipt {
        guard let commit = services.commit else { return write(reply) }
        return deferAnswer(request, reply) { answer in commit { answer.send(write) } }
    }
}

internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `GET /livez` and `GET /readyz`: two words, for probes without a key.
    func probe(_ context: RequestContext, _ call: Call, isGood: Bool) {
        let reply = context.reply
        reply.begin(isGood ? 200 : 503)
        reply.append("Content-Type: text/plain\r\nCache-Control: no-store\r\nX-Request-Id: ")
        ids.append(context.slice(context.head.requestID), to: reply)
        reply.append("\r\n")
        reply.end(Array((isGood ? "ok" : "not ready").utf8))
        recordAnswer(context, call)
    }

    /// `GET /health`. Answered from memory; no upstream is called.
    func health(_ context: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) throws(Problem) {
        _ = try RequestQuery(query, allowed: call.entry.query)
        let report = services.health(services.time.now())
        let reply = context.reply
        reply.begin(report.isUnavailable ? 503 : 200)
        reply.append("Content-Type: application/json\r\nCache-Control: no-store\r\nX-Request-Id: ")
        ids.append(context.slice(context.head.requestID), to: reply)
        reply.append("\r\n")
        if report.isUnavailable { reply.append("Retry-After: 5\r\n") }
        reply.end(report.json.bytes())
        recordAnswer(context, call)
    }

    /// `GET /metrics` in the format that the scraper prefers.
    func metrics(_ context: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) throws(Problem) {
        _ = try RequestQuery(query, allowed: call.entry.query)
        let accept = context.head.accept.isPresent ? context.head.accept.text(of: context.bytes) : nil
        let open = Negotiation.weight(ofType: "application/openmetrics-text", in: accept)
        let plain = Negotiation.weight(ofType: "text/plain", in: accept)
        let format: ExpositionFormat = accept != nil && open > plain ? .openMetrics100 : .prometheus004
        let encodings = context.head.acceptEncoding
        let gzip = Negotiation.acceptsGzip(encodings.isPresent ? encodings.text(of: context.bytes) : nil)
        let kind = MetricsRenderer.Kind(format: format, isCompressed: gzip)
        let id = ids.text(context.slice(context.head.requestID))
        if let page = services.metricsRenderer.recent(kind, now: services.time.now().monotonic) {
            page.write(id: id, to: context.reply)
            return recordAnswer(context, call)
        }
        guard let deferred = context.deferReply() else { return }
        let (recorder, request) = (services.recorder, request(call))
        services.metricsRenderer.render(kind, now: services.time.now().monotonic) { page in
            deferred.send { reply in
                page.write(id: id, to: reply)
                recorder.record(request, reply)
            }
        }
    }

    /// `POST /cache/clear` empties the memory tier. The stores are not changed.
    func clearCache(_ context: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) throws(Problem) {
        _ = try RequestQuery(query, allowed: call.entry.query)
        services.tokens.clear()
        services.secrets.clear()
        let reply = context.reply
        reply.begin(204)
        reply.append("Cache-Control: no-store\r\nX-Request-Id: ")
        ids.append(context.slice(context.head.requestID), to: reply)
        reply.append("\r\n")
        reply.endWithoutBody()
        recordAnswer(context, call)
    }
}

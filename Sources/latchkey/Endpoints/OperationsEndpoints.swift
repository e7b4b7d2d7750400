internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Endpoints {
    /// `GET /livez` and `GET /readyz`: two words, for probes that have no key.
    func probe(_ exchange: RequestContext, _ call: Call, isGood: Bool) {
        let reply = exchange.reply
        reply.begin(isGood ? 200 : 503)
        reply.append("Content-Type: text/plain\r\nCache-Control: no-store\r\nX-Request-Id: ")
        ids.append(exchange.slice(exchange.head.requestID), to: reply)
        reply.append("\r\n")
        reply.end(Array((isGood ? "ok" : "not ready").utf8))
        answered(exchange, call)
    }

    /// `GET /health`: everything from memory, no upstream is called.
    func health(_ exchange: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) throws(Problem) {
        _ = try RequestQuery(query, allowed: call.entry.query)
        let report = services.readiness.report(now: services.time.now())
        let reply = exchange.reply
        reply.begin(report.status == .unavailable ? 503 : 200)
        reply.append("Content-Type: application/json\r\nCache-Control: no-store\r\nX-Request-Id: ")
        ids.append(exchange.slice(exchange.head.requestID), to: reply)
        reply.append("\r\n")
        if report.status == .unavailable { reply.append("Retry-After: 5\r\n") }
        reply.end(report.json.bytes())
        answered(exchange, call)
    }

    /// `GET /metrics` in the format the scraper prefers.
    func metrics(_ exchange: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) throws(Problem) {
        _ = try RequestQuery(query, allowed: call.entry.query)
        let accept = exchange.head.accept.isPresent ? exchange.head.accept.text(of: exchange.bytes) : nil
        let open = Negotiation.weight(ofType: "application/openmetrics-text", in: accept)
        let plain = Negotiation.weight(ofType: "text/plain", in: accept)
        let format: ExpositionFormat = accept != nil && open > plain ? .openMetrics100 : .prometheus004
        let encodings = exchange.head.acceptEncoding
        let gzip = Negotiation.acceptsGzip(encodings.isPresent ? encodings.text(of: exchange.bytes) : nil)
        let kind = MetricsPages.Kind(format: format, isCompressed: gzip)
        let id = ids.text(exchange.slice(exchange.head.requestID))
        if let page = services.scrapes.recent(kind, now: services.time.now().monotonic) {
            page.write(id: id, to: exchange.reply)
            return answered(exchange, call)
        }
        guard let later = exchange.deferReply() else { return }
        let (recorder, request) = (services.recorder, request(call))
        services.scrapes.render(kind, now: services.time.now().monotonic) { page in
            later.send { reply in
                page.write(id: id, to: reply)
                recorder.record(request, reply)
            }
        }
    }

    /// `POST /cache/clear`: the memory tier is emptied, the stores are not touched.
    func clearCache(_ exchange: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) throws(Problem) {
        _ = try RequestQuery(query, allowed: call.entry.query)
        services.tokens.clear()
        services.secrets.clear()
        let reply = exchange.reply
        reply.begin(204)
        reply.append("Cache-Control: no-store\r\nX-Request-Id: ")
        ids.append(exchange.slice(exchange.head.requestID), to: reply)
        reply.append("\r\n")
        reply.endWithoutBody()
        answered(exchange, call)
    }
}

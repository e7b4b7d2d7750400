internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `GET /secrets/{key}`.
    func secret(_ context: RequestContext, _ call: Call, _ queryBytes: UnsafeRawBufferPointer) throws(Problem) {
        let query = try RequestQuery(queryBytes, allowed: call.entry.query)
        guard let segments = PercentEncoding.segments([UInt8(ascii: "/")] + call.pathParameter) else {
            throw Problem(
                400, .badRequest, "the key must be percent-encoded path segments, none of them empty, . or ..")
        }
        guard let key = SecretKey(requested: segments.joined(separator: "/")) else {
            throw Problem(404, .notFound, "no such secret")
        }
        let wanted = try SecretQuery(key, selectors: query, store: services.secrets.places?.store(of: key))
        let refresh = try query.flag("refresh")
        let now = services.time.now()
        let form = try SecretResponseFormat(
            context, field: query["field"], id: ids.text(context.slice(context.head.requestID)))
        if let wait = try query.seconds("wait", upTo: SecretChangeWaiter.maxWait), wait > .zero, form.isConditional {
            return try self.wait(context, call, query: wanted, format: form, until: now.monotonic + wait)
        }
        if !refresh, let cached = services.secrets.cached(wanted, now: now) {
            form.write(cached, now: now, to: context.reply)
            return recordAnswer(context, call)
        }
        guard let deferred = context.deferReply() else { return }
        let (recorder, request, time) = (services.recorder, request(call), services.time)
        services.secrets.secret(
            wanted, demand: refresh ? .forced : .cached, deadline: now.monotonic + services.callerTimeout
        ) { result in
            deferred.send { reply in
                form.write(result, now: time.now(), to: reply)
                recorder.record(request, reply)
            }
        }
    }

    /// Waits until the secret no longer matches the caller's entity tag.
    private func wait(
        _ context: RequestContext, _ call: Call, query wanted: SecretQuery, format form: SecretResponseFormat,
        until end: MonotonicTime
    ) throws(Problem) {
        let services = services
        guard services.secretWaiter.acquire() else {
            throw Problem(UpstreamFault(.overloaded, retryAfter: .seconds(1)), what: "secret")
        }
        guard let deferred = context.deferReply() else { return services.secretWaiter.release() }
        let (request, timeout) = (request(call), services.callerTimeout)
        Task { @Sendable in
            let result = await services.secretWaiter.answer(
                to: wanted, until: end, timeout: timeout, isCallerConnected: { deferred.isCallerConnected },
                while: { form.holds($0.entry) })
            services.secretWaiter.release()
            deferred.send { reply in
                form.write(result, now: services.time.now(), to: reply)
                services.recorder.record(request, reply)
            }
        }
    }
}

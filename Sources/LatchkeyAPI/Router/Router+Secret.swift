internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP

extension Router {
    /// `GET /secrets/{key}`. A hit is answered synchronously.
    func secret(_ request: borrowing APIRequest, _ wanted: SecretRequest, _ reply: consuming APIReply) -> ReplyReceipt {
        let (now, format, services) = (services.time.now(), wanted.format, services)
        if let wait = wanted.wait, wait > .zero, format.isConditional {
            return self.wait(request, wanted, until: now.monotonic + wait, reply)
        }
        if !wanted.refresh, let cached = services.secrets.cached(wanted.query, now: now) {
            return format.write(cached, now: now, to: reply)
        }
        let (time, deadline, requester) = (
            services.time, now.monotonic + services.callerTimeout, requester(request)
        )
        return deferAnswer(request, reply) { deferred in
            services.secrets.secret(
                wanted.query, demand: wanted.refresh ? .forced : .cached, for: requester, deadline: deadline
            ) { result in
                deferred.send { format.write(result, now: time.now(), to: $0) }
            }
        }
    }

    /// Waits until the secret no longer matches the caller's entity tag.
    private func wait(
        _ request: borrowing APIRequest, _ wanted: SecretRequest, until end: MonotonicTime, _ reply: consuming APIReply
    ) -> ReplyReceipt {
        let (services, format, requester) = (services, wanted.format, requester(request))
        guard services.secretWaiter.acquire(requester) else {
            return format.write(.failure(.tooManyWaiters), now: services.time.now(), to: reply)
        }
        let standing = CallerStanding(
            credential: presentedCredential(request), secret: wanted.query.key.name, keys: services.keys,
            keySets: services.tokenIssuers.keySets)
        return deferAnswer(request, reply) { deferred in
            Task {
                let outcome = await services.secretWaiter.answer(
                    to: wanted.query, for: requester, until: end, timeout: services.callerTimeout,
                    isCallerConnected: { deferred.isCallerConnected },
                    standing: { standing.now(services.time.now().wall) }, while: { format.holds($0.entry) })
                services.secretWaiter.release(requester)
                deferred.send { reply in
                    switch outcome {
                    case .read(let result): format.write(result, now: services.time.now(), to: reply)
                    case .refused(let problem): problem.write(to: reply)
                    }
                }
            }
        }
    }

    func secretRequest(_ request: inout APIRequest) throws(Problem) -> SecretRequest {
        let query = try request.query()
        guard let segments = PercentEncoding.segments([UInt8(ascii: "/")] + request.pathParameter) else {
            throw Problem(
                400, .badRequest, "the key must be percent-encoded path segments, none of them empty, . or ..")
        }
        guard let key = SecretKey(requested: segments.joined(separator: "/")) else {
            throw Problem(404, .notFound, "no such secret")
        }
        // Before the selectors, whose grammar depends on the store that has the secret.
        try require(.secret(key.name), &request)
        return SecretRequest(
            query: try SecretQuery(key, selectors: query, store: services.secrets.routing?.store(of: key)),
            refresh: try query.flag("refresh"),
            format: try SecretResponseFormat(request.context, field: query["field"]),
            wait: try query.seconds("wait", upTo: SecretChangeWaiter.maxWait))
    }
}

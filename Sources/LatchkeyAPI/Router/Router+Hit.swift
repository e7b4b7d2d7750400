internal import LatchkeyAudit
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

// The requests that nearly all are: for the default profile's token or the current version of a secret, without a query, by a
// caller whose key this worker has verified, and answered from memory. They are answered without the objects that other
// requests need. Whatever is unusual is left to the other functions, which then begin anew. So nothing is counted before it is
// certain that memory answers.
extension Router {
    private static let secretsPath: StaticString = "/secrets/"

    /// What memory has for a request; nil if it is not such a request, or if it is refused.
    func hit(_ context: RequestContext) -> Hit? {
        guard !context.isOverCapacity, !context.listener.isProbe, !context.head.query.isPresent,
            services.senders.accepts(context), !services.recorder.logsHits
        else { return nil }
        switch context.head.method {
        case .get, .head: break
        case .post, .put, .delete, .options, .other: return nil
        }
        let path = context.slice(context.head.path)
        if Grammar.equals(path, "/token") { return tokenHit(context) }
        let start = Self.secretsPath.utf8CodeUnitCount
        guard path.count > start,
            Grammar.equals(UnsafeRawBufferPointer(rebasing: path[..<start]), Self.secretsPath)
        else { return nil }
        return secretHit(UnsafeRawBufferPointer(rebasing: path[start...]), context)
    }

    private func tokenHit(_ context: RequestContext) -> Hit? {
        let now = services.time.now()
        guard let caller = knownCaller(context, now), caller.opens(.token), caller.hasDefaultProfile else { return nil }
        followProfiles()
        guard let entry = services.tokens.fresh(profiles.defaultProfile, now: now) else { return nil }
        let isText = Negotiation.prefersText(context.slice(context.head.accept))
        return Hit(content: .token(entry, isText ? .text : .json), caller: caller, now: now)
    }

    /// - Parameter key: as it is in the path. One with an escape is decoded elsewhere: a field of the blob may have the very
    ///   name `a%2Fb`, and is requested as `a%252Fb`.
    private func secretHit(_ key: UnsafeRawBufferPointer, _ context: RequestContext) -> Hit? {
        for byte in key where byte == UInt8(ascii: "%") { return nil }
        let now = services.time.now()
        guard let caller = knownCaller(context, now), caller.opens(.secrets), mayHave(key, caller),
            let hit = services.secrets.hit(key, now: now)
        else { return nil }
        return content(of: hit, context).map { Hit(content: $0, caller: caller, now: now) }
    }

    private func content(of hit: SecretHit, _ context: RequestContext) -> Hit.Content? {
        if context.head.ifNoneMatch.isPresent {
            // A list, a weak tag and `*` are rare.
            let form = hit.entry.form { SecretForm(hit: hit.entry) }
            return form.hasTag(context.slice(context.head.ifNoneMatch)) ? .unchanged(hit) : nil
        }
        if Negotiation.prefersText(context.slice(context.head.accept)) { return .plain(hit) }
        let entry = hit.entry
        return entry.body { SecretResponseFormat.json(entry, entry.value).bytes() }.map { .json(hit, $0) }
    }

    /// The caller of a key that this worker has verified, or of a connection. The key is compared in constant time.
    private func knownCaller(_ context: RequestContext, _ now: Now) -> AuthenticatedCaller? {
        keys.follow()
        if context.head.authorization.isPresent {
            guard let key = Self.bearerCredential(context),
                case .caller(let caller) = keys.ring.caller(presenting: key, among: keys.verified, now: { now.wall })
            else { return nil }
            return caller
        }
        guard case .caller(let caller) = connectionCaller(context) else { return nil }
        return caller
    }

    /// Whether the caller may have the secret, whatever the mode is.
    private func mayHave(_ key: UnsafeRawBufferPointer, _ caller: AuthenticatedCaller) -> Bool {
        if caller.isUnrestricted { return true }
        guard case .allowed = keys.ring.access(of: caller).decision(.secret(String(decoding: key, as: UTF8.self)))
        else {
            return false
        }
        return true
    }

    // MARK: Answers

    /// Writes the answer, counts it, and appends its audit line.
    func answer(_ hit: Hit, _ context: RequestContext, _ writer: consuming ReplyWriter) -> ReplyReceipt {
        let (started, method) = (context.now, Method(context.head.method))
        let receipt = writer.send { output in
            ids.withNext(context.slice(context.head.requestID)) { id in
                if let audit = services.recorder.audit { append(hit, id, context, to: audit) }
                return Self.write(hit, id, to: output)
            }
        }
        keys.ring.noteUse(by: hit.caller, at: hit.now.monotonic)
        let (isToken, isUnchanged) = (hit.isToken, hit.isUnchanged)
        services.metrics.callerRequest(Int(hit.caller.label), isToken ? .token : .secret, .allowed)
        services.metrics.tierRequest(isToken ? .token : .secret, .memory, .hit)
        let route = isToken ? Route.token : .secret
        services.recorder.count(
            route, method, status: isUnchanged ? 304 : 200, since: started,
            isTraced: context.head.traceParent.isPresent, trace(context))
        if keepsNames { receipt.awaitCommit(kind: route.rawValue) }
        return receipt
    }

    private func append(_ hit: Hit, _ id: UnsafeRawBufferPointer, _ context: RequestContext, to audit: AnswerAudit) {
        let (caller, peer) = (hitLines.members(of: hit.caller, keys), HitLines.peer(context))
        caller.withUnsafeBytes { caller in
            peer.withUnsafeBytes { peer in
                hit.auditMembers.withUnsafeBytes { access in
                    audit.record(
                        PreparedAuditLine(
                            time: hit.now.wall, requestID: id, caller: caller, peer: peer, access: access))
                }
            }
        }
    }

    private static func write(
        _ hit: Hit, _ id: UnsafeRawBufferPointer, to output: PreparedReply.Output
    ) -> PreparedReply.Written {
        switch hit.content {
        case .token(let entry, let format): write(entry, format, hit.now, id, to: output)
        case .json(let secret, let body):
            body.bytes.withUnsafeBytes {
                write(secret, hit.now, id, moreFields: "Content-Type: application/json\r\n", body: $0, to: output)
            }
        case .plain(let secret):
            secret.entry.value.withBytes {
                write(
                    secret, hit.now, id,
                    moreFields: secret.entry.isBinary
                        ? "Content-Type: application/octet-stream\r\n" : "Content-Type: text/plain; charset=utf-8\r\n",
                    body: $0, to: output)
            }
        case .unchanged(let secret): write(secret, hit.now, id, moreFields: "", body: nil, to: output)
        }
    }

    private static func write(
        _ entry: TokenEntry, _ format: TokenForm.Format, _ now: Now, _ id: UnsafeRawBufferPointer,
        to output: PreparedReply.Output
    ) -> PreparedReply.Written {
        let form = entry.form(format) { RenderedToken.render(entry.token, .memory, format) }
        return form.fields.withUnsafeBytes { fields in
            form.bodyStart.withUnsafeBytes { body in
                form.bodyEnd.withUnsafeBytes { end in
                    var reply = PreparedReply(
                        prefix: bytes(RequestID.prefixText), id: id, fields: fields,
                        age: (now.monotonic.nanoseconds - entry.received) / 1_000_000_000)
                    reply.body = body
                    reply.bodyEnd = end
                    if format == .json { reply.number = RenderedToken.secondsLeft(entry.expiry, now) }
                    return output.write(reply)
                }
            }
        }
    }

    private static func write(
        _ secret: SecretHit, _ now: Now, _ id: UnsafeRawBufferPointer, moreFields: StaticString,
        body: UnsafeRawBufferPointer?, to output: PreparedReply.Output
    ) -> PreparedReply.Written {
        secret.entry.form { SecretForm(hit: secret.entry) }.fields.withUnsafeBytes { fields in
            var reply = PreparedReply(
                prefix: bytes(RequestID.prefixText), id: id, fields: fields,
                age: (now.monotonic.nanoseconds - secret.received.nanoseconds) / 1_000_000_000)
            reply.moreFields = bytes(moreFields)
            reply.body = body
            return output.write(reply)
        }
    }

    private static func bytes(_ text: StaticString) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}

extension SecretForm {
    /// What an answer from memory has beside the value.
    convenience init(hit entry: SecretEntry) {
        let fields =
            "X-Latchkey-Tier: \(Tier.memory.name)\r\nETag: \(entry.etag)\r\nVary: Accept\r\nAge: "
        self.init(
            fields: Array(fields.utf8), tag: Array(entry.etag.utf8), given: HitLines.secret(entry, status: 200),
            unchanged: HitLines.secret(entry, status: 304))
    }
}

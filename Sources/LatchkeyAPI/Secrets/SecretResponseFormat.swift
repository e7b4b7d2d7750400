package import LatchkeyBroker
package import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// The form in which one caller wants a secret: JSON or plain text, whole or one field, conditional or not.
package struct SecretResponseFormat: Sendable {
    private let field: String?
    private let isPlain: Bool
    private let tags: String?

    init(_ context: RequestContext, field: String?) throws(Problem) {
        isPlain = Negotiation.prefersText(context.slice(context.head.accept))
        if let field, field.isEmpty { throw Problem(400, .badRequest, "field must name a member, as in a.b") }
        self.field = field
        tags = context.head.ifNoneMatch.isPresent ? context.head.ifNoneMatch.text(of: context.bytes) : nil
    }

    /// Whether the caller sent an entity tag.
    var isConditional: Bool { tags != nil }

    /// Whether the caller's entity tags include the entry's.
    func holds(_ entry: SecretEntry) -> Bool { tags.map { EntityTags.field($0, matches: entry.etag) } ?? false }

    func write(_ result: Result<ServedSecret, UpstreamFault>, now: Now, to reply: consuming APIReply) -> ReplyReceipt {
        switch result {
        case .success(let served): write(served, now: now, to: reply)
        case .failure(let fault): Problem(fault, what: "secret").write(to: reply)
        }
    }

    private func write(_ served: ServedSecret, now: Now, to reply: consuming APIReply) -> ReplyReceipt {
        let entry = served.entry
        var value = entry.value
        // An entity tag belongs to a version, so a caller that has it was given the field before. `*` does not show
        // that.
        let isUnchanged = holds(entry)
        if let field, !isUnchanged || tags.map({ $0.hasSameBytes(as: "*") }) ?? false {
            do throws(UpstreamFault) {
                guard let found = try entry.field(field) else {
                    return Problem(404, .notFound, "the secret has no such field").write(to: reply)
                }
                value = found
            } catch {
                return Problem(error, what: "secret").write(to: reply)
            }
        }
        let reply = reply.begin(isUnchanged ? 304 : 200)
        reply.append("X-Latchkey-Tier: ")
        reply.append(served.tier.header)
        reply.append("\r\n")
        reply.field("ETag", entry.etag)
        reply.append("Vary: Accept\r\nAge: ")
        reply.append(max(0, (now.monotonic - served.received.monotonic).components.seconds))
        reply.append("\r\n")
        if served.isStale { reply.append("X-Latchkey-Stale: true\r\n") }
        if let refreshError = served.refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        return end(reply, isUnchanged, entry, value).from(served.tier.header).about(entry)
    }

    private func end(
        _ reply: consuming OpenReply, _ isUnchanged: Bool, _ entry: SecretEntry, _ value: Secret
    ) -> ReplyReceipt {
        if isUnchanged { return reply.endWithoutBody() }
        if isPlain {
            reply.append(
                entry.isBinary
                    ? "Content-Type: application/octet-stream\r\n" : "Content-Type: text/plain; charset=utf-8\r\n")
            return reply.end(value.reveal())
        } else {
            reply.append("Content-Type: application/json\r\n")
            return reply.end(Self.json(entry, value).bytes())
        }
    }

    package static func json(_ entry: SecretEntry, _ value: Secret) -> JSON {
        let text = entry.isBinary ? nil : value.revealText()
        return [
            "key": .string(entry.key), "value": .string(text ?? Base64.encode(value.reveal())),
            "version": .string(entry.version), "source": .string(entry.source.name),
            "encoding": text == nil ? "base64" : "utf8",
        ]
    }
}

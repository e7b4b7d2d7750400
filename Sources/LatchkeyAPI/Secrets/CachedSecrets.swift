internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP

/// The response to a request for several secrets that are all fresh in memory. It is put together from their rendered bodies,
/// without a task or a JSON value.
struct CachedSecrets {
    private struct Item {
        let key: String
        /// The key as a JSON string.
        let name: [UInt8]
        let hit: SecretHit
        let body: SecretBody
    }

    /// Bytes of a body that is answered at once. A larger one is left to ``SecretBatch/answer(from:denied:demand:for:deadline:id:)``,
    /// which lets no other response of the connection wait in memory beside it.
    private static let maxLength = 64 * 1024
    private static let start: StaticString = #"{"errors":{},"secrets":{"#
    private static let end: StaticString = "}}"

    /// In the order of the keys' bytes.
    private let items: [Item]
    private let length: Int

    /// Returns nil if one of the secrets is not in memory, or if the body is too long.
    init?(_ batch: SecretBatch, from secrets: SecretBroker, now: Now) {
        var items: [Item] = []
        items.reserveCapacity(batch.keys.count)
        var length = Self.start.utf8CodeUnitCount + Self.end.utf8CodeUnitCount + batch.keys.count - 1
        for var key in batch.keys {
            let known = key.withUTF8 { secrets.hit(UnsafeRawBufferPointer($0), now: now) }
            guard let hit = known ?? SecretKey(requested: key).flatMap({ secrets.hit($0, now: now) }),
                let body = hit.entry.body({ SecretResponseFormat.json(hit.entry, hit.entry.value).bytes() })
            else { return nil }
            var name: [UInt8] = []
            key.withUTF8 { JSONWriter.append(string: UnsafeRawBufferPointer($0), to: &name) }
            length += name.count + 1 + body.bytes.count
            guard length <= Self.maxLength else { return nil }
            items.append(Item(key: key, name: name, hit: hit, body: body))
        }
        self.items = items.sorted { $0.key.precedesInBytes($1.key) }
        self.length = length
    }

    /// The number of secrets.
    var count: Int { items.count }

    func write(to reply: consuming APIReply) -> ReplyReceipt {
        let reply = reply.begin(200)
        reply.append("Content-Type: application/json\r\n")
        reply.endHead(contentLength: length)
        if !reply.isHead {
            reply.append(Self.start)
            for (index, item) in items.enumerated() {
                if index > 0 { reply.append(",") }
                reply.append(item.name)
                reply.append(":")
                reply.append(item.body.bytes)
            }
            reply.append(Self.end)
        }
        return reply.endBody().about(
            AnsweredNames(
                items.map { item in
                    AnsweredNames.Item(name: item.key, version: item.hit.entry.version, source: item.hit.entry.source)
                }))
    }
}

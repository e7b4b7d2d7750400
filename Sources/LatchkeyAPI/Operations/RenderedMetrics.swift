internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// One rendering of all metrics. A class, so that scrapes share its bytes.
final class RenderedMetrics: Sendable {
    private let format: ExpositionFormat
    private let isCompressed: Bool
    private let body: [UInt8]

    /// Renders the current values.
    init(_ metrics: Metrics, _ kind: MetricsRenderer.Kind) {
        var plain: [UInt8] = []
        metrics.render(kind.format, into: &plain)
        let compressed = kind.isCompressed ? Deflater.gzip(plain) : nil
        format = kind.format
        isCompressed = compressed != nil
        body = compressed ?? plain
    }

    func write(to reply: consuming APIReply) -> ReplyReceipt {
        let reply = reply.begin(200)
        reply.field("Content-Type", format.contentType)
        reply.append("Vary: Accept, Accept-Encoding\r\n")
        if isCompressed { reply.append("Content-Encoding: gzip\r\n") }
        return reply.end(body)
    }
}

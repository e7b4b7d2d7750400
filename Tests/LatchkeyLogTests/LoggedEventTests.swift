import LatchkeyLog
import Logging
import Testing

@Suite struct LoggedEventTests {
    /// Fails when a line is written, and keeps what it was given.
    private struct Handler: LogHandler {
        let check: @Sendable (Logger.Level, String, Logger.Metadata) -> Void
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { check(event.level, "\(event.message)", event.metadata ?? [:]) }
    }

    private func logger(
        _ level: Logger.Level, _ check: @escaping @Sendable (Logger.Level, String, Logger.Metadata) -> Void
    ) -> Logger {
        Logger(label: "test") { _ in Handler(check: check, logLevel: level) }
    }

    private static let names = LoggedEvent.allCases.map(\.rawValue)

    @Test func `A name is of small letters and underscores, and differs from all others`() {
        for name in Self.names {
            #expect(!name.isEmpty && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }, "\(name)")
        }
        #expect(Set(Self.names).count == Self.names.count)
    }

    /// The crash reporter keeps 31 bytes of a name.
    @Test func `A name has 31 bytes at most`() {
        #expect(Self.names.allSatisfy { $0.utf8.count <= 31 })
    }

    @Test func `Every call writes its level, its message, its metadata and the name of its event`() async {
        await confirmation(expectedCount: 6) { written in
            let log = logger(.trace) { level, message, metadata in
                #expect(message == "\(level)" && metadata == ["event": "tier_failed", "tier": "issuer"])
                written()
            }
            log.debug(.tierFailed, "debug", metadata: ["tier": "issuer"])
            log.info(.tierFailed, "info", metadata: ["tier": "issuer"])
            log.notice(.tierFailed, "notice", metadata: ["tier": "issuer"])
            log.warning(.tierFailed, "warning", metadata: ["tier": "issuer"])
            log.error(.tierFailed, "error", metadata: ["tier": "issuer"])
            log.log(level: .critical, .tierFailed, "critical", metadata: ["tier": "issuer"])
        }
    }

    @Test func `A line without metadata has its event`() async {
        await confirmation { written in
            let log = logger(.info) { _, _, metadata in
                #expect(metadata == ["event": "stopped"])
                written()
            }
            log.notice(.stopped, "stopped")
        }
    }

    @Test func `Metadata of the same name does not replace the event`() async {
        await confirmation { written in
            let log = logger(.info) { _, _, metadata in
                #expect(metadata == ["event": "listening", "address": "::1"])
                written()
            }
            log.notice(.listening, "listening", metadata: ["event": "another", "address": "::1"])
        }
        #expect(LoggedEvent.request.metadata(["event": "another"]) == ["event": "request"])
    }

    @Test func `Nothing is evaluated when the level is off`() {
        func unwanted<Value>(_ value: Value) -> Value {
            Issue.record("\(value) was evaluated")
            return value
        }
        let log = logger(.critical) { level, message, _ in Issue.record("\(level) \(message) was written") }
        log.debug(.request, unwanted("debug"), metadata: unwanted(["a": "b"]))
        log.info(.request, unwanted("info"), metadata: unwanted(["a": "b"]))
        log.notice(.request, unwanted("notice"), metadata: unwanted(["a": "b"]))
        log.warning(.request, unwanted("warning"), metadata: unwanted(["a": "b"]))
        log.error(.request, unwanted("error"), metadata: unwanted(["a": "b"]))
        log.log(level: .error, .request, unwanted("log"), metadata: unwanted(["a": "b"]))
    }
}

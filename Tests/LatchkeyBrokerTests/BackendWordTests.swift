import LatchkeyBroker
import LatchkeyCore
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite struct BackendWordTests {
    private static let denied = UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException")

    private static func look(_ said: String) -> BackendWord.Look {
        switch said {
        case "absent": .absent
        case "access denied": .unread(denied)
        default: .word(said)
        }
    }

    @Test func `Each timeline of the case file ends with the backend that it says`() throws {
        let cases = try #require(try Fixture.json("cases/backend-word.json")["cases"]?.array)
        #expect(cases.count >= 6)
        for one in cases {
            let turns = (one["parameter"]?.array ?? []).compactMap(\.array)
            var word = BackendWord()
            var failures = 0
            // A look each second, where the product has one in about ten.
            for second in 0...(one["after_s"]?.integer ?? 0) {
                let now = turns.last { ($0.first?.integer ?? 0) <= second }?.last?.string ?? ""
                if case .failing = word.take(Self.look(now)) { failures += 1 }
            }
            let store = one["GET /secrets/k"]?.string == "NEW" ? SecretStore.parameterStore : .secretsManager
            #expect(word.backend?.store == store, "\(one)")
            if let shown = one["backend_in_health"]?.string { #expect(word.backend?.rawValue == shown) }
            let followsAWord = turns.count == 1 || turns.last?.last?.string == "secrets-manager"
            #expect((word.failure == nil) == followsAWord, "\(one)")
            #expect(failures == (turns.count == 1 ? 0 : 1), "one warning and no more: \(one)")
        }
    }

    @Test func `Without a parameter the old store is in force until somebody writes a word`() {
        var word = BackendWord()
        #expect(word.take(.absent) == .follow(.secretsManager))
        #expect(word.take(.absent) == .nothing)
        #expect(word.take(.word(" parameter-store\n")) == .follow(.parameterStore))
        #expect(word.take(.absent) == .failing(.gone))
        #expect(word.take(.absent) == .nothing)
        #expect(word.take(.word("parameter-store")) == .recovered)
        #expect(word.take(.word("parameter-store")) == .nothing)
    }

    @Test func `A first look that fails or finds an unknown word puts nothing in force`() {
        var word = BackendWord()
        #expect(word.take(.unread(Self.denied)) == .failing(.unread(Self.denied)))
        #expect(word.take(.word("Secrets-Manager")) == .failing(.unknownWord))
        #expect(word.backend == nil)
        #expect(word.take(.absent) == .follow(.secretsManager))
        #expect(word.failure == nil)
    }
}

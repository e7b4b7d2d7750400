import LatchkeyBroker
import LatchkeyCore
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite struct FollowedBackendTests {
    private static let denied = UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException")

    private static func look(_ text: String) -> FollowedBackend.Look {
        switch text {
        case "absent": .absent
        case "access denied": .unread(denied)
        default: .name(text)
        }
    }

    @Test func `Each timeline of the case file ends with the expected backend`() throws {
        let cases = try #require(try Fixture.json("cases/backend-word.json")["cases"]?.array)
        #expect(cases.count >= 6)
        for one in cases {
            let changes = (one["parameter"]?.array ?? []).compactMap(\.array)
            var followed = FollowedBackend()
            var failures = 0
            // One read per second; the product reads about every ten seconds.
            for second in 0...(one["after_s"]?.integer ?? 0) {
                let text = changes.last { ($0.first?.integer ?? 0) <= second }?.last?.string ?? ""
                if case .failing = followed.take(Self.look(text)) { failures += 1 }
            }
            let store = one["GET /secrets/k"]?.string == "NEW" ? SecretStore.parameterStore : .secretsManager
            #expect(followed.backend?.store == store, "\(one)")
            if let shown = one["backend_in_health"]?.string { #expect(followed.backend?.rawValue == shown) }
            let isFollowed = changes.count == 1 || changes.last?.last?.string == "secrets-manager"
            #expect((followed.failure == nil) == isFollowed, "\(one)")
            #expect(failures == (changes.count == 1 ? 0 : 1), "one warning and no more: \(one)")
        }
    }

    @Test func `Without the parameter, the old store is in force until a backend is written`() {
        var followed = FollowedBackend()
        #expect(followed.take(.absent) == .follow(.secretsManager))
        #expect(followed.take(.absent) == .nothing)
        #expect(followed.take(.name(" parameter-store\n")) == .follow(.parameterStore))
        #expect(followed.take(.absent) == .failing(.gone))
        #expect(followed.take(.absent) == .nothing)
        #expect(followed.take(.name("parameter-store")) == .recovered)
        #expect(followed.take(.name("parameter-store")) == .nothing)
    }

    @Test func `If the first read fails or finds an unknown name, no backend is in force`() {
        var followed = FollowedBackend()
        #expect(followed.take(.unread(Self.denied)) == .failing(.unread(Self.denied)))
        #expect(followed.take(.name("Secrets-Manager")) == .failing(.unknownName))
        #expect(followed.backend == nil)
        #expect(followed.take(.absent) == .follow(.secretsManager))
        #expect(followed.failure == nil)
    }
}

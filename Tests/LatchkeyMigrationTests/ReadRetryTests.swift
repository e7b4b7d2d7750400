import LatchkeyCrypto
import LatchkeyMigration
import Testing

@Suite("Reads of a store that gives no answer") struct ReadRetryTests {
    private let unanswered = StoreFailure(.unsure, code: "timed_out")

    @Test(arguments: [StoreFailure.Kind.unsure, .throttled])
    func `Are tried three times, with growing pauses`(kind: StoreFailure.Kind) throws {
        let retry = ReadRetry()
        let failure = StoreFailure(kind, code: "x")
        let first = try #require(retry.pause(after: 1, failure, jitter: 0))
        let second = try #require(retry.pause(after: 2, failure, jitter: 0))
        #expect(first < second)
        #expect(retry.pause(after: 3, failure, jitter: 0) == nil)
    }

    @Test(arguments: [StoreFailure.Kind.denied, .refused])
    func `Are not retried after an answer`(kind: StoreFailure.Kind) {
        #expect(ReadRetry().pause(after: 1, StoreFailure(kind, code: "x"), jitter: 0.5) == nil)
    }

    @Test func `Are given up after three failures in a row`() {
        var retry = ReadRetry()
        retry.failed()
        retry.failed()
        retry.answered()
        retry.failed()
        retry.failed()
        #expect(!retry.isGivenUp)
        #expect(retry.pause(after: 1, unanswered, jitter: 0) != nil)
        retry.failed()
        #expect(retry.isGivenUp)
        #expect(retry.pause(after: 1, unanswered, jitter: 0) == nil)
    }
}

@Suite struct `A secret that got no answer` {
    private func plan(unread action: String) -> PlanItem? {
        var secret = SourceSecret(name: "shop/a")
        secret.unread = [action]
        return Planner().plan(Inventory(secrets: [secret])).items.first
    }

    @Test func `Is blocked, and counts neither as absent nor as denied`() throws {
        let item = try #require(plan(unread: "secretsmanager:GetSecretValue"))
        #expect(item.action == .blocked && item.isUnread && !item.isDenied)
        #expect(item.obstacles.map(\.code) == ["unread"])
        #expect(item.obstacles.allSatisfy { !$0.remedy.isEmpty && $0.explanation.contains("GetSecretValue") })
    }

    @Test func `Is blocked if its parameter could not be read`() throws {
        var secret = SourceSecret(name: "shop/a")
        secret.value = .text(Secret("v"))
        var inventory = Inventory(secrets: [secret])
        inventory.unreadParameters = ["/shop/a": ["ssm:GetParameter"]]
        let item = try #require(Planner().plan(inventory).items.first)
        #expect(item.isUnread)
    }

    @Test func `Is moved if only a detail could not be read`() throws {
        var secret = SourceSecret(name: "shop/a")
        secret.value = .text(Secret("v"))
        secret.unread = ["secretsmanager:GetResourcePolicy"]
        let item = try #require(Planner().plan(Inventory(secrets: [secret])).items.first)
        #expect(item.action == .create && !item.isUnread)
        #expect(item.obstacles.map(\.code) == ["unread"])
    }
}

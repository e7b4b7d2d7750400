import LatchkeyCrypto
import LatchkeyMigration
import Testing

@Suite("Reads of a store that gives no answer") struct ReadRetryTests {
    private let unanswered = StoreFailure(.unsure, code: "timed_out")

    @Test(arguments: [StoreFailure.Kind.unsure, .throttled])
    func `Are made three times, with growing pauses`(kind: StoreFailure.Kind) throws {
        let retry = ReadRetry()
        let trouble = StoreFailure(kind, code: "x")
        let first = try #require(retry.pause(after: 1, trouble, jitter: 0))
        let second = try #require(retry.pause(after: 2, trouble, jitter: 0))
        #expect(first < second)
        #expect(retry.pause(after: 3, trouble, jitter: 0) == nil)
    }

    @Test(arguments: [StoreFailure.Kind.denied, .refused])
    func `Are not made again after an answer`(kind: StoreFailure.Kind) {
        #expect(ReadRetry().pause(after: 1, StoreFailure(kind, code: "x"), jitter: 0.5) == nil)
    }

    @Test func `Are given up when three in a row got none`() {
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

    @Test func `Is blocked, and is no absence and no refusal`() throws {
        let item = try #require(plan(unread: "secretsmanager:GetSecretValue"))
        #expect(item.act == .blocked && item.isUnread && !item.isDenied)
        #expect(item.obstacles.map(\.code) == ["unread"])
        #expect(item.obstacles.allSatisfy { !$0.remedy.isEmpty && $0.explanation.contains("GetSecretValue") })
    }

    @Test func `Of whose parameter nothing is known is blocked, too`() throws {
        var secret = SourceSecret(name: "shop/a")
        secret.value = .text(Secret("v"))
        var inventory = Inventory(secrets: [secret])
        inventory.unreadParameters = ["/shop/a": ["ssm:GetParameter"]]
        let item = try #require(Planner().plan(inventory).items.first)
        #expect(item.isUnread)
    }

    @Test func `Is moved where only a detail is missing`() throws {
        var secret = SourceSecret(name: "shop/a")
        secret.value = .text(Secret("v"))
        secret.unread = ["secretsmanager:GetResourcePolicy"]
        let item = try #require(Planner().plan(Inventory(secrets: [secret])).items.first)
        #expect(item.act == .create && !item.isUnread)
        #expect(item.obstacles.map(\.code) == ["unread"])
    }
}

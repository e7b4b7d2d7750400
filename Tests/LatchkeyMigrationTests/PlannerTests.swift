import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMigration
import LatchkeyTestSupport
import Testing

@Suite struct PlannerTests {
    static let rows = (try? Fixture.json("migration/plan.json").array?.map { PlanRow(json: $0) }) ?? []

    @Test func `The table of plans can be read`() { #expect(Self.rows.count > 40) }

    @Test(arguments: PlannerTests.rows) func `A plan names the obstacles of one secret`(row: PlanRow) throws {
        let planner = Planner(map: [row.secret.name: row.target], options: row.options)
        let item = try #require(planner.plan(row.inventory).items.first)
        #expect(item.obstacles.map(\.code) == row.json["obstacles"]?.array?.compactMap(\.string))
        #expect(item.action.rawValue == row.json["act"]?.string)
        #expect(item.target == row.target)
        if let target = row.json["target"]?.string {
            #expect(Planner().target(for: row.secret.name) == target || row.json["map"] != nil)
        }
        if let tier = row.json["tier"]?.string { #expect(item.tier?.rawValue == tier) }
        #expect(item.keyID == row.json["keyID"]?.string)
        if let tags = row.json["tags"]?.array?.compactMap(\.string) { #expect(item.tags.map(\.key) == tags) }
        #expect((item.value == nil) == (item.action == .blocked))
    }

    @Test(arguments: PlannerTests.rows) func `Each obstacle has a remedy and shows nothing of the value`(
        row: PlanRow
    ) throws {
        let plan = Planner(map: [row.secret.name: row.target], options: row.options).plan(row.inventory)
        for obstacle in plan.items.flatMap(\.obstacles) {
            #expect(!obstacle.explanation.isEmpty && !obstacle.remedy.isEmpty)
        }
        if let text = row.secret.value?.secret.revealText(), text.count > 2 {
            #expect(!plan.json.text.contains(text))
        }
    }

    @Test func `Two secrets never go to one parameter`() {
        var one = SourceSecret(name: "a")
        one.value = .text(Secret("1"))
        var other = SourceSecret(name: "/a")
        other.value = .text(Secret("2"))
        let plan = Planner().plan(Inventory(secrets: [one, other]))
        #expect(plan.items.map(\.action) == [.create, .blocked])
        #expect(plan.items[1].obstacles == [.sameTarget("a")])
    }

    @Test func `A plan counts the paths whose write permission was not checked`() {
        var inventory = Inventory(secrets: [SourceSecret(name: "a")])
        #expect(Planner().plan(inventory).json["summary"]?["unasked_paths"]?.integer == 0)
        inventory.uncheckedPaths = 4
        #expect(Planner().plan(inventory).json["summary"]?["unasked_paths"]?.integer == 4)
    }

    @Test func `The cost follows from the list prices`() {
        var secrets = (0..<10).map { SourceSecret(name: "s\($0)") }
        for index in secrets.indices { secrets[index].value = .text(Secret("v")) }
        secrets[0].replicas = ["eu-west-1"]
        secrets[1].value = .text(Secret(String(repeating: "x", count: 5000)))
        secrets[2].value = .binary(Secret([0]))
        let plan = Planner(readsPerMonth: 1_000_000).plan(Inventory(secrets: secrets))
        // 11 secrets and replicas at $0.40, and 1,000,000 calls at $0.05 for 10,000.
        #expect(plan.costBefore == Cost(secretsManager: 440 + 500, parameterStore: 0))
        // The binary secret stays with a tenth of the calls; the advanced parameter gets a tenth.
        #expect(plan.costAfter == Cost(secretsManager: 40 + 50, parameterStore: 5 + 50))
        #expect(Cost.text(plan.costBefore.total) == "$9.40")
    }

    @Test func `A day is written as the calendar date in UTC`() {
        let days: [(Int64, String)] = [
            (0, "1970-01-01"), (-1, "1969-12-31"), (951_782_400, "2000-02-29"), (1_700_000_000, "2023-11-14"),
            (4_107_542_399, "2100-02-28"), (4_107_542_400, "2100-03-01"),
        ]
        for (seconds, text) in days { #expect(Day.text(WallTime(seconds: seconds)) == text) }
    }
}

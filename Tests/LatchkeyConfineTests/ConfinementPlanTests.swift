import LatchkeyConfine
import Testing

@Suite struct ConfinementPlanTests {
    private static let noLinks: ConfinementPlan.Link = { _ in nil }

    @Test func aNamedFileOpensItsFolder() {
        var plan = ConfinementPlan()
        plan.allowFile("/etc/latchkey/api-key", .read, link: Self.noLinks)
        #expect(plan.places == ["/etc/latchkey": .read])
        #expect(plan.wideFolders.isEmpty)
    }

    @Test func aLinkOpensTheFoldersOfAllThatItLeadsTo() {
        var plan = ConfinementPlan()
        let links = ["/run/keys/token": "..data/token", "/run/keys/..data/token": "/store/7/token"]
        plan.allowFile("/run/keys/token", .read, link: { links[$0] })
        #expect(plan.places == ["/run/keys": .read, "/run/keys/..data": .read, "/store/7": .read])
    }

    @Test func aCircleOfLinksEnds() {
        var plan = ConfinementPlan()
        plan.allowFile("/a/x", .read, link: { $0 == "/a/x" ? "/b/x" : "/a/x" })
        #expect(plan.places == ["/a": .read, "/b": .read])
    }

    @Test func theRightsOfOneFolderAreJoined() {
        var plan = ConfinementPlan()
        plan.allowFile("/run/latchkey/latchkey.sock", .sockets, link: Self.noLinks)
        plan.allowFile("/run/latchkey//./key", .read, link: Self.noLinks)
        #expect(plan.places == ["/run/latchkey": [.sockets, .read]])
    }

    @Test(arguments: ["/key", "/dev/null", "/proc/version"])
    func aFileInAFolderOfTheSystemIsNamedAlone(path: String) {
        var plan = ConfinementPlan()
        plan.allowFile(path, .read, link: Self.noLinks)
        #expect(plan.places == [path: .read])
    }

    @Test(arguments: ["/dev/fd/63", "/dev/stdin", "/proc/self/fd/3"])
    func aPathOfAnInheritedDescriptorNeedsNoAccess(path: String) {
        var plan = ConfinementPlan()
        plan.allowFile(path, .read, link: Self.noLinks)
        #expect(plan.places.isEmpty)
    }

    @Test func aFileInAFolderOfManyProgramsIsReportedOnce() {
        var plan = ConfinementPlan(home: "/home/ana/")
        for path in ["/tmp/key", "/home/ana/key", "/home/ana/.aws/config", "/tmp/key"] {
            plan.allowFile(path, .read, link: Self.noLinks)
        }
        #expect(plan.wideFolders.map(\.folder) == ["/tmp", "/home/ana"])
        #expect(plan.wideFolders.map(\.file) == ["/tmp/key", "/home/ana/key"])
    }
}

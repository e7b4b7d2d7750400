import LatchkeyCore
import Testing

@Suite struct EditDistanceTests {
    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("token", "token", 0), ("toekn", "token", 2),
        ("kitten", "sitting", 3),
        ("ä", "a", 2), ("flaw", "lawn", 2),
    ])
    func `The distance counts inserted, removed and replaced bytes`(left: String, right: String, distance: Int) {
        #expect(EditDistance.between(left, right) == distance)
        #expect(EditDistance.between(right, left) == distance)
    }

    @Test func `The nearest candidate within the limit is found, the first of several`() {
        let names = ["get", "put", "env"]
        #expect(EditDistance.nearest(to: "gte", among: names, limit: 2) == "get")
        #expect(EditDistance.nearest(to: "ut", among: names, limit: 1) == "put")
        #expect(EditDistance.nearest(to: "xxx", among: names, limit: 2) == nil)
        #expect(EditDistance.nearest(to: "get", among: [], limit: 2) == nil)
        #expect(EditDistance.nearest(to: "et", among: ["at", "it"], limit: 1) == "at")
    }
}

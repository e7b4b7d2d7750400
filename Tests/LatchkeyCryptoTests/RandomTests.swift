import LatchkeyCrypto
import Testing

@Suite struct RandomTests {
    @Test func `UUIDs are of version 4 and unique`() {
        let uuids = (0..<100).map { _ in Random.uuid() }
        #expect(Set(uuids).count == 100)
        for uuid in uuids {
            let parts = uuid.split(separator: "-").map(\.utf8.count)
            #expect(parts == [8, 4, 4, 4, 12])
            #expect(Array(uuid)[14] == "4" && "89ab".contains(Array(uuid)[19]))
        }
    }
}

import LatchkeyAudit
import LatchkeyCore
import Testing

@Suite struct UnauthenticatedLimiterTests {
    private let start = MonotonicTime(nanoseconds: 5_000_000_000)

    private func address(_ number: Int) -> [UInt8] { Array("10.0.\(number / 256).\(number % 256)".utf8) }

    @Test func `An address gets ten lines a minute`() {
        var limiter = UnauthenticatedLimiter()
        let admitted = (0..<30).count { limiter.admits(address(1), now: start + .seconds($0)) }
        #expect(admitted == 10)
        let dropped = [limiter.takeDropped(), limiter.takeDropped()]
        #expect(dropped == [20, 0])
        let others = [
            limiter.admits(address(2), now: start + .seconds(30)),
            limiter.admits(address(1), now: start + .seconds(60)),
        ]
        #expect(others == [true, true])
    }

    @Test func `All addresses together get a hundred lines a second`() {
        var limiter = UnauthenticatedLimiter()
        let first = (0..<500).count { limiter.admits(address($0), now: start) }
        let second = (500..<1000).count { limiter.admits(address($0), now: start + .milliseconds(999)) }
        let third = (1000..<1500).count { limiter.admits(address($0), now: start + .seconds(1)) }
        #expect([first, second, third] == [100, 0, 100])
        let dropped = limiter.takeDropped()
        #expect(dropped == 1300)
    }

    @Test func `The table of addresses is bounded`() {
        var limiter = UnauthenticatedLimiter()
        for number in 0..<50_000 {
            _ = limiter.admits(address(number), now: start + .milliseconds(number))
            #expect(limiter.count <= AuditLimits.maxAddresses)
        }
        let isAdmitted = limiter.admits(address(1), now: start + .seconds(1000))
        #expect(isAdmitted)
        #expect(limiter.count == 1)
    }
}

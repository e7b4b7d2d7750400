import LatchkeyConfine
import Testing

@Suite struct ConfinementStateTests {
    @Test(arguments: [
        (ConfinementState.Part.inForce("ABI 6"), ConfinementState.Part.inForce("calls"), ConfinementState.Extent.on),
        (.inForce("ABI 6"), .unavailable, .partial), (.failed(errno: 1), .inForce("calls"), .partial),
        (.unavailable, .failed(errno: 1), .unavailable),
    ])
    func `What is in force of files and calls decides the extent`(
        files: ConfinementState.Part, calls: ConfinementState.Part, extent: ConfinementState.Extent
    ) {
        #expect(ConfinementState(landlock: files, seccomp: calls, scope: .everything).extent == extent)
    }
}

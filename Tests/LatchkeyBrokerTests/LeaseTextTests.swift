import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import Testing

@Suite("The stored form of leases") struct LeaseTextTests {
    @Test func `A lease is one line of JSON and can be parsed again`() {
        let lease = Lease(
            holder: "a-1", until: WallTime(milliseconds: 1_763_900_000_000), after: 3, purpose: .issuerBackoff)
        #expect(lease.text == #"{"after":3,"holder":"a-1","resting":true,"until":1763900000000}"#)
        #expect(Lease(lease.text) == lease)
    }

    @Test(arguments: [
        "", "placeholder", "[]", "{}", #"{"after":-1,"holder":"a","until":1}"#, #"{"after":1,"holder":"","until":1}"#,
        #"{"after":1,"holder":"a b","until":1}"#, #"{"after":1,"holder":"a"}"#, #"{"after":1,"holder":"a","until":-5}"#,
        String(repeating: " ", count: 600) + #"{"after":1,"holder":"a","until":1}"#,
    ])
    func `A text that no broker would have written is not a lease`(_ text: String) { #expect(Lease(text) == nil) }
}

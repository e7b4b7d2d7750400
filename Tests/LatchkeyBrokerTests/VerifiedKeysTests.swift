import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import Testing

@Suite("Keys that were verified before") struct VerifiedKeysTests {
    private func owner(_ keys: VerifiedKeys, _ key: [UInt8]) -> Int? { key.withUnsafeBytes { keys.owner(of: $0) } }

    private func owner(_ keys: VerifiedKeys, _ key: String) -> Int? { owner(keys, Array(key.utf8)) }

    private func insert(_ keys: VerifiedKeys, _ key: String, owner: Int) {
        Array(key.utf8).withUnsafeBytes { keys.insert($0, owner: owner) }
    }

    @Test func `A key is found whole, and no other bytes are`() {
        let keys = VerifiedKeys()
        let key = "test-key-4f9c1b7de2a84c63b05f1e9d"
        #expect(owner(keys, key) == nil)
        insert(keys, key, owner: 7)
        #expect(owner(keys, key) == 7)
        let bytes = Array(key.utf8)
        for place in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[place] ^= 1 << UInt8(bit)
                #expect(owner(keys, other) == nil)
            }
            #expect(owner(keys, Array(bytes[..<place])) == nil)
        }
        #expect(owner(keys, bytes + [0]) == nil)
    }

    @Test(arguments: 0...130) func `Keys of any length are found, or not remembered`(length: Int) {
        let keys = VerifiedKeys()
        let key = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 33) }
        key.withUnsafeBytes { keys.insert($0, owner: 3) }
        #expect(owner(keys, key) == (length <= VerifiedKeys.maxKeyBytes ? 3 : nil))
    }

    @Test func `The table is bounded, and nothing is left in it after a change`() {
        let keys = VerifiedKeys()
        for number in 0..<5_000 { insert(keys, "key-number-\(number)", owner: number) }
        #expect(keys.count <= VerifiedKeys.maxKeys)
        let found = (0..<5_000).filter { (number: Int) in owner(keys, "key-number-\(number)") == .some(number) }
        #expect(found.count == keys.count)
        keys.removeAll()
        #expect(keys.count == 0)
        let left = (0..<5_000).filter { (number: Int) in owner(keys, "key-number-\(number)") != nil }
        #expect(left.isEmpty)
    }

    @Test func `The end of a caller's credentials is checked at each use`() {
        var credentials = CallerCredentials()
        credentials.keys = [SHA256.hash("a-key-that-ends")]
        let end = WallTime(seconds: 1_000)
        let ring = KeyRing([KeyRing.Entry(Caller(id: "orders", scopes: [.token], notAfter: end), credentials)])
        let keys = VerifiedKeys()
        func caller(at seconds: Int64) -> Authentication {
            Array("a-key-that-ends".utf8).withUnsafeBytes {
                ring.caller(presenting: $0, verified: keys) { WallTime(seconds: seconds) }
            }
        }
        for (time, isValid) in [(998, true), (999, true), (1_000, false), (2_000, false), (999, true)] {
            guard case .caller = caller(at: Int64(time)) else {
                #expect(!isValid)
                continue
            }
            #expect(isValid)
        }
        #expect(keys.count == 1)
    }

    @Test func `Only valid keys are remembered`() {
        let ring = KeyRing([.default([Secret("a-key-of-some-length")])])
        let keys = VerifiedKeys()
        for key in ["a-key-of-some-lengthy", "wrong-key-of-some-length", ""] {
            Array(key.utf8).withUnsafeBytes { key in
                guard case .unknown = ring.caller(presenting: key, verified: keys, now: { WallTime(seconds: 0) }) else {
                    Issue.record("a wrong key has a caller")
                    return
                }
            }
        }
        #expect(keys.count == 0)
    }
}

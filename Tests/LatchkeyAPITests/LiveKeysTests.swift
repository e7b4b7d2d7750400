import LatchkeyBroker
import LatchkeyCrypto
import Testing

@testable import LatchkeyAPI
@testable import LatchkeyAWS

@Suite struct LiveKeysTests {
    @Test func `Remembered keys are dropped when the keys change`() {
        let keys = LiveKeys(KeyRing([.default([Secret("a-key-of-some-length")])]))
        var copy = LiveKeys.Copy(keys)
        Array("a-key-of-some-length".utf8).withUnsafeBytes { copy.verified.insert($0, owner: 0) }
        Array("20231114/r/ssm/aws4_request".utf8).withUnsafeBytes {
            copy.signingKeys.insert(Secret("key"), of: Secret("secret"), scope: $0)
        }
        copy.follow()
        #expect(copy.verified.count == 1 && copy.signingKeys.count == 1)
        keys.replace(with: KeyRing([]))
        copy.follow()
        #expect(copy.verified.count == 0 && copy.signingKeys.count == 0)
    }
}

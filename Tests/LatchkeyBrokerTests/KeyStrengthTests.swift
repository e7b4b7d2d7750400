import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import Testing

@Suite struct KeyStrengthTests {
    @Test(arguments: [
        ("", false, KeyWeakness.empty), ("short", false, .tooShort(minimum: 16)),
        ("fifteen-bytes-x", false, .tooShort(minimum: 16)),
        ("k3J9vQ2mX8pL5tRw", true, .tooShort(minimum: 32)),
        ("k3J9vQ2mX8pL5tRw\n", false, .unusableByte), ("k3J9vQ2m X8pL5tRw", false, .unusableByte),
        ("schlüssel-k3J9vQ2mX8", false, .unusableByte),
        ("changemechangeme", false, .wellKnown), ("password12345678", false, .wellKnown),
        ("your-internal-api-key", false, .wellKnown), ("my-super-secret!", false, nil),
        ("Development-Key-1", false, .wellKnown), ("1234567890123456", false, .wellKnown),
        ("0123456789abcdef", false, .wellKnown), ("fedcba9876543210FEDCBA9876543210", true, .wellKnown),
        ("example-key-0123456789", false, .wellKnown), ("example-key-0123456789abcdef", false, nil),
        ("aaaaaaaaaaaaaaaa", false, .repetitive), ("abababababababab", false, .repetitive),
        ("k3J9vQ2mX8pL5tRw", false, nil), ("4f1d0c9ab27e4e6d9c1f3b5a7d8e2f60", true, nil),
    ])
    func `Weak keys are refused`(key: String, beyondLoopback: Bool, weakness: KeyWeakness?) {
        #expect(KeyStrength.weakness(of: Secret(key), beyondLoopback: beyondLoopback) == weakness)
    }

    @Test func `Random keys in hex and base64 are accepted`() {
        for _ in 0..<200 {
            #expect(KeyStrength.weakness(of: Secret(Hex.encode(Random.bytes(16))), beyondLoopback: true) == nil)
            #expect(KeyStrength.weakness(of: Secret(Base64.encode(Random.bytes(24))), beyondLoopback: true) == nil)
        }
    }
}

import LatchkeyCore
import LatchkeyCrypto
import LatchkeySettings
import Testing

@testable import LatchkeyService

@Suite struct WarmKeyTests {
    private let key = Array(UInt8(0)..<32)

    @Test func `A key is 32 bytes as they are, in hexadecimal or in base64`() {
        let hex = Array(Hex.encode(key).utf8), base64 = Array(Base64.encode(key).utf8)
        let forms = [key, hex, hex + [0x0A], hex + [0x0D, 0x0A], base64, base64 + [0x0A]]
        for form in forms { #expect(WarmKey.key(in: form) == Secret(key)) }
        let others = [[], Array(key.dropLast()), key + [0], Array(hex.dropLast()), hex + hex, hex + [0x0A, 0x0A]]
        for other in others { #expect(WarmKey.key(in: other) == nil) }
    }

    @Test func `A file that holds no key is told with its path and how to make one`() {
        let error = #expect(throws: SettingsError.self) { try WarmKey.read("/nonexistent/key") }
        #expect(error?.lines.first?.hasPrefix("LATCHKEY_WARM_KEY: /nonexistent/key: the file does not exist") == true)
    }

    private func context(_ variables: [String: String], _ files: [String: String] = [:]) -> WarmContext {
        let base = ["AWS_REGION": "eu-central-1", "LATCHKEY_API_KEY": "a-key-of-the-tests-0123456789"]
        let settings = Settings.examine(
            environment: base.merging(variables) { $1 }, need: .server, processors: 2, readFile: { _ in nil }
        ).settings
        return WarmContext(settings) { files[$0] }
    }

    @Test func `A file belongs to prefix, region, endpoint, identity and machine`() {
        let machine = ["/etc/machine-id": "0123\n"]
        let contexts = [
            context([:]), context([:], machine), context(["LATCHKEY_PREFIX": "/other"]),
            context(["AWS_REGION": "us-east-1"]), context(["AWS_ENDPOINT_URL_SSM": "http://127.0.0.1:4566"]),
            context(["AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s"]),
            context(["AWS_ROLE_ARN": "arn:aws:iam::1:role/a"]), context(["AWS_PROFILE": "other"]),
        ]
        #expect(Set(contexts.map(\.bytes)).count == contexts.count)
        #expect(context([:]).bytes == context([:]).bytes)
    }

    @Test func `In a container the machine does not count`() {
        let machine = ["/etc/machine-id": "0123\n"]
        for variable in ["KUBERNETES_SERVICE_HOST", "container"] {
            #expect(context([variable: "x"], machine).parts == context([variable: "x"]).parts)
        }
        let docker = machine.merging(["/.dockerenv": ""]) { $1 }
        #expect(context([:], docker).parts == context([:]).parts)
    }
}

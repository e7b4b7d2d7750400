import LatchkeyCore
import LatchkeySettings
import LatchkeyTestSupport
import Testing

@testable import latchkey

/// The text of a policy, and the ARN of a key. `Tests/EndToEnd/deploy/test_policy*.py` has the permissions.
@Suite struct PolicyTests {
    private static let key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

    private static func place(key: String? = nil) -> PolicyPlace {
        PolicyPlace(region: "eu-central-1", account: "111122223333", prefix: "/shop/prod", keyARN: key)
    }

    private static func runtime(_ environment: [String: String] = [:], key: String? = nil) throws -> PolicyDocument {
        let given = ["AWS_REGION": "eu-central-1", "LATCHKEY_PREFIX": "/shop/prod"].merging(environment) { $1 }
        let settings = try Settings.load(environment: given, need: .upstreams, processors: 1) { _ in nil }
        return RuntimePolicy(place: place(key: key), settings).document
    }

    @Test func `The text has the same content as the JSON`() throws {
        let document = try Self.runtime(key: Self.key)
        #expect(try JSON(parsing: Array(document.text.utf8)) == document.json)
        #expect(document.length < document.text.count)
    }

    @Test(arguments: [
        "alias/aws/ssm", "1234abcd-12ab-34cd-56ef-1234567890ab", key + "${x}", key + "\"",
        key.replacing("kms", with: "s3"), key.replacing("111122223333", with: "1"),
        key.replacing(":key/", with: ":alias/"),
    ])
    func `Anything but a key's ARN is refused`(text: String) { #expect(KeyARN(text) == nil) }

    @Test func `A key's ARN has its region and account`() throws {
        let key = try #require(KeyARN(Self.key))
        #expect((key.region, key.account) == ("eu-central-1", "111122223333"))
    }
}

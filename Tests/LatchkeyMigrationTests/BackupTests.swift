import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMigration
import Testing

@Suite struct BackupTests {
    private func secret(_ name: String, _ value: StoredValue?) -> SourceSecret {
        var secret = SourceSecret(name: name)
        secret.value = value
        secret.description = "für alle"
        secret.tags = [ResourceTag(key: "team", value: "")]
        secret.keyID = "alias/mine"
        secret.versionID = "v"
        secret.replicas = ["eu-west-1"]
        secret.rotates = true
        secret.hasResourcePolicy = true
        secret.resourcePolicy = #"{"Statement":[]}"#
        secret.rotation = SecretRotation(function: "arn:aws:lambda:f", rules: #"{"AutomaticallyAfterDays":30}"#)
        secret.otherVersions = [
            StagedVersion(id: "u", stages: ["AWSPREVIOUS"], value: .text(Secret("before"))),
            StagedVersion(id: "t", stages: ["blue", "green"], value: .binary(Secret([0, 255]))),
            StagedVersion(id: "s", stages: ["AWSPENDING"]),
        ]
        return secret
    }

    private func document(_ secrets: [SourceSecret]) -> BackupDocument {
        BackupDocument(created: WallTime(milliseconds: 5), region: "us-east-1", key: .random(), secrets: secrets)
    }

    @Test func `A backup returns every property and value of a secret`() throws {
        let values: [StoredValue] = [
            .text(Secret("línea\n\"quoted\" \u{0} \u{1F511} \u{2028}")), .binary(Secret([0, 255, 128])),
            .text(Secret(String(repeating: "x", count: 65_536))), .text(Secret("{\"a\":1}")), .binary(Secret("text")),
        ]
        let made = document(values.enumerated().map { secret("s\($0)", $1) } + [secret("none", nil)])
        let read = try BackupDocument(made.content)
        #expect(read.secrets.map(\.name) == made.secrets.map(\.name))
        for (one, other) in zip(read.secrets, made.secrets) {
            #expect(one.value.map(\.isBinary) == other.value.map(\.isBinary))
            #expect(one.value.map(\.secret) == other.value.map(\.secret))
            #expect(one.tags == other.tags && one.description == other.description && one.keyID == other.keyID)
            #expect(one.versionID == "v" && one.replicas == ["eu-west-1"] && one.rotates)
            #expect(one.resourcePolicy == #"{"Statement":[]}"# && one.rotation == other.rotation)
            #expect(one.otherVersions.map(\.id) == ["u", "t", "s"])
            #expect(one.otherVersions.map(\.stages) == other.otherVersions.map(\.stages))
            #expect(one.otherVersions.map { $0.value?.secret } == other.otherVersions.map { $0.value?.secret })
            #expect(one.otherVersions[1].value?.isBinary == true)
            #expect(one.leftToSet == ["resource_policy", "rotation", "replicas", "other_versions"])
        }
        #expect(read.manifest == made.manifest && read.manifest.count == values.count)
        #expect((read.created, read.region) == (WallTime(milliseconds: 5), "us-east-1"))
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"latchkey_backup":2}"#, #"{"latchkey_backup":1,"created":1,"place":"p","secrets":[]}"#,
        #"{"latchkey_backup":1,"created":1,"place":"p","manifest_key":"00","secrets":[]}"#,
    ]) func `Content that is not a backup is rejected`(text: String) {
        #expect(throws: BackupDocument.FormatError()) { try BackupDocument(Secret(text)) }
    }

    @Test func `A manifest can be read back and holds no value`() throws {
        let made = document([secret("a", .text(Secret("the-value")))])
        let manifest = BackupManifest(
            fileDigest: "d", created: made.created, region: made.region, entries: made.manifest)
        #expect(BackupManifest(manifest.json) == manifest)
        #expect(!manifest.json.text.contains("the-value"))
        #expect(BackupManifest(["manifest": 1]) == nil)
    }

    @Test func `The action of a restore depends on the existing secret`() {
        let value = StoredValue.text(Secret("v"))
        let backup = secret("a", value)
        var gone = secret("a", nil)
        gone.deletion = WallTime(seconds: 1)
        let cases: [(SourceSecret?, RestoreItem.Action)] = [
            (nil, .create), (secret("a", value), .nothing), (secret("a", .text(Secret("w"))), .replace),
            (secret("a", .binary(Secret("v"))), .replace), (secret("a", nil), .replace), (gone, .undelete),
        ]
        for (current, action) in cases { #expect(RestoreItem(backup, current: current).action == action) }
        #expect(RestoreItem(secret("a", nil), current: nil).action == .blocked)
    }
}

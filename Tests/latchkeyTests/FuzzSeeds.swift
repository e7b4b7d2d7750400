import FuzzTargets
import LatchkeyCore
import LatchkeyTestSupport

/// Inputs for each fuzz target: those that `Tests/Fuzz/seeds.py` makes of the fixtures, and inputs in `Fixtures/fuzz`
/// that once broke a rule.
struct FuzzSeeds {
    /// Longer inputs take more time and find nothing more.
    private static let maxLength = 8_192

    let inputs: [[UInt8]]

    init(_ target: FuzzTarget) throws {
        let own: [[UInt8]] =
            switch target {
            case .request: try Self.table("requests")
            case .response: try Self.table("responses").flatMap { [[0] + $0, [1] + $0] }
            case .chunked: try Self.table("chunked")
            case .journal: Self.journals
            case .resourceName: Self.resourceNames
            case .json: try Self.files(in: "json-test-suite/test_parsing") + Self.files(in: "cases/blob")
            case .settings: try Self.files(in: "cases/settings")
            case .profiles: [Array(Self.profiles.utf8)]
            case .sharedConfig: try Self.sharedFiles()
            case .token: try Self.tokens()
            case .callers: try Self.files(in: "callers")
            case .audit: try Self.files(in: "audit")
            }
        inputs = (own + ((try? Self.files(in: "fuzz/\(target.rawValue)")) ?? [])).filter { $0.count <= Self.maxLength }
    }

    private static func files(in folder: String) throws -> [[UInt8]] {
        try Fixture.names(in: folder).map { try Fixture.bytes("\(folder)/\($0)") }
    }

    private static func table(_ name: String) throws -> [[UInt8]] {
        (try Fixture.json("http/\(name).json")["cases"]?.array ?? []).compactMap { $0["bytes"].map(raw) }
    }

    /// One byte for each character. Lists are joined, `repeat` and `count` expanded.
    private static func raw(_ value: JSON) -> [UInt8] {
        if let text = value.string { return text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
        if let parts = value.array { return parts.flatMap(raw) }
        guard let part = value["repeat"], let count = value["count"]?.integer else { return [] }
        return Array(repeatElement(raw(part), count: Int(clamping: count)).joined())
    }

    /// The config file and, after a zero byte, the credentials file.
    private static func sharedFiles() throws -> [[UInt8]] {
        try ["cases/aws-config", "cases/aws-config-more"].flatMap { folder in
            try Fixture.names(in: folder).map { name in
                let files = ["config", "credentials"].map { (try? Fixture.bytes("\(folder)/\(name)/\($0)")) ?? [] }
                return Array(files.joined(separator: [0]))
            }
        }
    }

    /// A key set and, after a zero byte, a token.
    private static func tokens() throws -> [[UInt8]] {
        let data = try Fixture.json("jwt/tokens.json")
        let sets = (data["issuers"]?.array ?? []).compactMap { $0["jwks"]?.bytes() }
        let tokens = ((data["valid"]?.array ?? []) + (data["forged"]?.array ?? [])).compactMap { $0["token"]?.string }
        return tokens.flatMap { token in sets.map { $0 + [0] + Array(token.utf8) } }
    }

    private static let journals: [[UInt8]] = [
        """
        {"journal":1,"id":"7f","key":"ab12","place":"eu-central-1","at":1700000000000}
        {"secret":"orders/db","parameter":"/orders/db","state":"begun","digest":"00ff","at":1700000000001}
        {"secret":"orders/db","state":"verified","digest":"00ff","at":1700000000002,"version":3}
        {"run":"copy","clean":true,"count":2,"by":"deploy@ci","at":1700000000003,"details":{"a":"b"}}

        """
    ].map { Array($0.utf8) }

    private static let resourceNames: [[UInt8]] = [
        "arn:aws:ssm:eu-central-1:111122223333:parameter/orders/dev/db", "arn:aws:s3:::bucket/key:with:colons",
        "db/password", "a_b.c-d/e+f=@",
    ].map { Array($0.utf8) }

    private static let profiles = """
        {"profiles":[{"name":"orders","kind":"auth0","client_id":"orders","client_secret":"hush-hush"},{"name":"other",\
        "kind":"oauth2","client_id":"secret:orders/id","client_secret":"file:/run/key","token_url":"https://id.example/t",\
        "client_auth":"private_key_jwt","key_id":"k1","extra":{"resource":"https://r/"},"scope":"read write"}]}
        """
}

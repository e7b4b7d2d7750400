import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyUpstream

/// Prints the credential plans of test cases, for a comparison with botocore.
///
/// Standard input has one case on each line: a JSON object with `environment`, and `config` and `credentials` as base64 or
/// null. The output has one JSON object on each line: the plan, or `error`. Nothing reads files or calls services, so a test
/// can run thousands of cases.
@main
struct SharedConfigPlans {
    static func main() {
        while let line = readLine() {
            let row = (try? JSON(parsing: Array(line.utf8))) ?? .null
            print(answer(row).text)
        }
    }

    private static func answer(_ row: JSON) -> JSON {
        let environment = (row["environment"]?.object ?? [:]).reduce(into: [String: String]()) { values, member in
            if let text = member.value.string, !text.isEmpty { values[member.key] = text }
        }
        let read: (String) -> SharedFileContent = { path in
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            return row[name]?.string.flatMap { Base64.decode($0) }.map { .bytes($0) } ?? .absent
        }
        let configuration = AWSConfiguration(environment: environment, readSharedFile: read)
        guard configuration.problems.isEmpty else {
            return [
                "error": .string(configuration.problems.map { "\($0.name): \($0.description)" }.joined(separator: "; "))
            ]
        }
        var answer: JSONObject = [
            "region": .string(configuration.region), "endpoint": endpoint(configuration), "plan": .null,
        ]
        do {
            if let keys = try EnvironmentKeys.find(environment) {
                answer["plan"] = plan(.keys(keys))
            } else {
                let files = try SharedFiles(environment: environment, read: read)
                if let found = try CredentialPlanner(environment: environment, files: files).decide() {
                    answer["plan"] = plan(found.plan)
                }
            }
        } catch {
            return ["error": .string("\(error)")]
        }
        return .object(answer)
    }

    private static func endpoint(_ configuration: AWSConfiguration) -> JSON {
        guard let endpoint = configuration.endpoints[.parameterStore] else { return .null }
        return .string("\(endpoint.origin.scheme.rawValue)://\(endpoint.origin.authority)\(endpoint.path)")
    }

    private static func plan(_ plan: CredentialPlan) -> JSON {
        switch plan {
        case .keys(let keys):
            [
                "kind": "keys", "key_id": .string(keys.accessKeyID),
                "secret": text(keys.secretAccessKey.revealText()), "token": text(keys.sessionToken?.revealText()),
            ]
        case .webIdentity(let identity):
            [
                "kind": "web identity", "role": .string(identity.roleARN), "file": .string(identity.tokenFile),
                "session_name": text(identity.sessionName),
            ]
        case .singleSignOn(let signOn):
            [
                "kind": "sso", "account": .string(signOn.accountID), "role": .string(signOn.roleName),
                "region": .string(signOn.region), "start_url": .string(signOn.startURL),
                "session": text(signOn.session),
            ]
        case .process(let command):
            ["kind": "process", "words": .array(((try? ShellWords.split(command)) ?? []).map { .string($0) })]
        case .named(let source): ["kind": "named", "source": .string(source.rawValue)]
        case .assumeRole(let role, let source):
            [
                "kind": "role", "role": .string(role.arn), "session_name": text(role.sessionName),
                "external_id": text(role.externalID), "seconds": role.seconds.map { .integer(Int64($0)) } ?? .null,
                "source": Self.plan(source),
            ]
        }
    }

    private static func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}

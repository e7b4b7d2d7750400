internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto

/// Finds credentials that belong to two callers.
enum CallerOverlaps {
    /// Each is named once, with both callers.
    static func problems(_ callers: [CallerDefinition]) -> [String] {
        duplicates(callers, "key_sha256 has a digest") { $0.credentials.keys.map(\.hex) }
            + duplicates(callers, "tls has a URI") { $0.credentials.uris }
            + duplicates(callers, "tls has a DNS name") {
                $0.credentials.dnsNames.map { String(decoding: $0.utf8.map(ASCII.lowercased), as: UTF8.self) }
            }
            + duplicates(callers, "unix has a uid") { $0.credentials.users.map { "\($0)" } }
            + subjects(callers)
    }

    private static func duplicates(
        _ callers: [CallerDefinition], _ what: String, _ credentials: (CallerDefinition) -> [String]
    ) -> [String] {
        var owners: [ExactText: String] = [:]
        var problems: [String] = []
        for definition in callers {
            let id = definition.caller.id
            for credential in Set(credentials(definition).map { ExactText($0) }) {
                guard let other = owners.updateValue(id, forKey: credential) else { continue }
                problems.append("\(definition.place): \(what) of \(other): no credential may have two callers")
            }
        }
        return problems
    }

    /// Literal subjects are compared by a set, so that only those with a star are compared with all others.
    private static func subjects(_ callers: [CallerDefinition]) -> [String] {
        var problems: [String] = []
        var seen: [JWTIssuer.Identity: [(id: String, subject: TextPattern)]] = [:]
        var literals: [JWTIssuer.Identity: Set<ExactText>] = [:]
        var stars: [JWTIssuer.Identity: Int] = [:]
        for definition in callers {
            for token in definition.credentials.tokens {
                let issuer = token.issuer
                if !token.subject.isLiteral { stars[issuer, default: 0] += 1 }
                if stars[issuer, default: 0] > CallersFile.Limits.subjectPatterns {
                    return problems + [
                        "\(definition.place): sub has a star for the \(CallersFile.Limits.subjectPatterns + 1)th time at one "
                            + "issuer; at most \(CallersFile.Limits.subjectPatterns) are allowed"
                    ]
                }
                let isNew = literals[issuer, default: []].insert(ExactText(token.subject.text)).inserted
                let other = seen[issuer, default: []].first { other in
                    other.subject.isLiteral && token.subject.isLiteral
                        ? !isNew && other.subject.text.hasSameBytes(as: token.subject.text)
                        : other.subject.overlaps(token.subject)
                }
                if let other {
                    problems.append(
                        "\(definition.place): sub matches subjects of \(other.id) at the same issuer: no credential may have "
                            + "two callers")
                }
                seen[issuer, default: []].append((definition.caller.id, token.subject))
            }
        }
        return problems
    }
}

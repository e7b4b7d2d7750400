package import LatchkeyBroker
internal import LatchkeyCore
package import LatchkeyCrypto

/// The content of `LATCHKEY_CALLERS_FILE`: an object with `mode`, `issuers` and `callers`. Unknown members are rejected.
package struct CallersFile: Sendable {
    /// Limits on counts and sizes.
    package enum Limits {
        /// The most bytes in the file.
        package static let fileBytes = 1 << 20
        package static let callers = 1_000
        package static let issuers = 32
        /// The most bytes in an id.
        package static let idBytes = 64
        /// The most digests of one caller. Two are enough for a rotation.
        package static let keys = 16
        /// The most patterns of one caller.
        package static let patterns = 256
        /// The most bytes in a pattern, an URI, a DNS name or a subject.
        package static let textBytes = 512
        /// The most profiles, certificate names or Unix users of one caller.
        package static let names = 100
        /// The most subjects with a star of one issuer. Each is compared with each other for overlaps.
        package static let subjectPatterns = 256
        /// The most problems that are listed.
        package static let problems = 50
    }

    package private(set) var mode = PolicyMode.enforce
    package private(set) var issuers: [JWTIssuer] = []
    package private(set) var callers: [CallerDefinition] = []
    /// Everything that is wrong, each with its line and column. Never contains a key or a digest.
    package private(set) var problems: [String] = []

    private static let members = ["mode", "issuers", "callers"]

    package init(_ text: String) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(text.utf8, limits: .document.refusingDuplicates)
        } catch {
            problems = ["is \(error)"]
            return
        }
        var reader = MemberReader(document.root, in: document)
        reader.checkMembers(Self.members)
        mode = reader.choice("mode") ?? .enforce
        let lists = (reader.objects("issuers", most: Limits.issuers), reader.objects("callers", most: Limits.callers))
        if reader.value("callers") == nil { reader.reject("has no callers: give a list of them in the member callers") }
        for value in lists.0 { takeIssuer(value, in: document, &reader) }
        for value in lists.1 { takeCaller(value, in: document, &reader) }
        reader.problems += CallerOverlaps.problems(callers)
        problems = reader.problems
        let left = problems.count - Limits.problems
        if left > 0 { problems = problems.prefix(Limits.problems) + ["and \(left) more problems"] }
    }

    private mutating func takeIssuer(_ value: JSONValue, in document: JSONDocument, _ file: inout MemberReader) {
        var reader = MemberReader(value, in: document)
        if let issuer = JWTIssuer(&reader) {
            if issuers.contains(where: { $0.identity == issuer.identity }) {
                reader.reject("the issuer is defined twice: remove one")
            }
            issuers.append(issuer)
        }
        file.problems += reader.problems
    }

    private mutating func takeCaller(_ value: JSONValue, in document: JSONDocument, _ file: inout MemberReader) {
        var reader = MemberReader(value, in: document)
        if let caller = CallerDefinition(&reader, issuers: issuers) {
            if callers.contains(where: { $0.caller.id == caller.caller.id }) {
                reader.reject("is defined twice: remove or rename one")
            }
            callers.append(caller)
        }
        file.problems += reader.problems
    }

    /// The problem of a file that is used together with these keys of `LATCHKEY_API_KEY`; nil if there is none.
    ///
    /// - Parameter keys: the digests of the accepted keys; empty if there is no key.
    package func conflict(withKeys keys: [Digest]) -> String? {
        for caller in callers {
            if !keys.isEmpty, caller.caller.id == Caller.defaultID {
                return "\(caller.place): the id \(Caller.defaultID) is that of LATCHKEY_API_KEY: choose another one"
            }
            if caller.credentials.keys.contains(where: keys.contains) {
                return "\(caller.place): key_sha256 has the digest of LATCHKEY_API_KEY: no key may have two callers"
            }
        }
        return nil
    }

    /// The files that it names, which the broker reads.
    package var files: [String] { callers.compactMap(\.signingSecretPath) + issuers.flatMap(\.files) }
}

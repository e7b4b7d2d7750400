internal import LatchkeyCore
package import LatchkeyCrypto

/// The body of `POST /token/rejected`: `{"sha256": "<64 hex digits>", "profile": "<name>"?}`.
package struct RejectedToken: Hashable, Sendable {
    /// SHA-256 of the token that a resource server refused. The token itself is never sent.
    package let digest: Digest
    /// Nil means the default profile.
    package let profile: String?

    /// - Throws: 400 `bad_request` if the body is not that object. An unknown member is an error.
    package init(_ body: some Collection<UInt8>) throws(Problem) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: body, limits: .request.refusingDuplicates)
        } catch  where error.reason == .duplicateName {
            throw Problem(400, .badRequest, "a member of the body is given twice")
        } catch {
            throw Problem(400, .badRequest, "the body must be a json object with sha256 (\(error))")
        }
        guard let members = json.object else {
            throw Problem(400, .badRequest, "the body must be a json object with sha256")
        }
        for name in members.keys where !["sha256", "profile"].contains(ExactText(name)) {
            throw Problem(
                400, .badRequest, "unknown member \(RequestQuery.shown(name)) in the body; known here: profile, sha256")
        }
        guard let digest = members["sha256"]?.string.flatMap({ Digest(hex: $0) }) else {
            throw Problem(400, .badRequest, "sha256 must be the token's sha-256 as 64 hex digits")
        }
        self.digest = digest
        switch members["profile"] {
        case nil: profile = nil
        case .string(let name): profile = name
        default: throw Problem(400, .badRequest, "profile must be a profile's name")
        }
    }
}

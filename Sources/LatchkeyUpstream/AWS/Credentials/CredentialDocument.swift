internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// Credentials as the metadata services and `credential_process` write them in JSON.
struct CredentialDocument: Sendable {
    /// Why a document is not taken. Names the member and never shows its value.
    struct Refusal: Error, Hashable, Sendable {
        let why: String
    }

    /// Where a document comes from, by what that differs in.
    enum Form: Sendable {
        /// The instance's and the container's services: the session token is `Token`, and there is always an end.
        case metadata
        /// `credential_process`: `Version` 1, `SessionToken` and `Expiration` at will ("Sourcing credentials with an
        /// external process", AWS CLI User Guide).
        case process
    }

    /// With the expiration as the document has it, by its maker's clock.
    let credentials: AWSCredentials

    init(_ bytes: [UInt8], _ form: Form) throws(Refusal) {
        guard let json = try? JSON(parsing: bytes), json.object != nil else { throw Refusal(why: "not a JSON object") }
        if form == .process, json["Version"]?.integer != 1 { throw Refusal(why: "Version is not 1") }
        // The instance's service says by its code that it could not do what it was asked, with status 200.
        if let code = json["Code"]?.string, code != "Success" {
            throw Refusal(why: "the service answers \(AWSError.bareCode(code))")
        }
        let token = form == .metadata ? "Token" : "SessionToken"
        guard let id = json["AccessKeyId"]?.string, !id.isEmpty else { throw Refusal(why: "no AccessKeyId") }
        guard
            var credentials = AWSCredentials(
                id: id, secret: json["SecretAccessKey"]?.string, token: json[token]?.string)
        else { throw Refusal(why: "no SecretAccessKey") }
        if form == .metadata, credentials.sessionToken == nil { throw Refusal(why: "no Token") }
        credentials.expiration = try Self.expiration(json["Expiration"], form)
        guard credentials.isPrintable else { throw Refusal(why: "control characters in the credentials") }
        self.credentials = credentials
    }

    /// A program may leave it out. What is there and no time is refused: keys would be used past their end.
    private static func expiration(_ value: JSON?, _ form: Form) throws(Refusal) -> WallTime? {
        guard let value, value != .null else {
            guard form == .process else { throw Refusal(why: "no Expiration") }
            return nil
        }
        do throws(ExpirationTime.Malformed) {
            return try ExpirationTime.parse(value.string ?? "")
        } catch {
            throw Refusal(why: "Expiration \(error.reason)")
        }
    }
}

extension AWSCredentials {
    /// Whether id and token can go into a header (RFC 9110 §5.5).
    var isPrintable: Bool {
        let isVisible: (UInt8) -> Bool = { $0 > 0x20 && $0 < 0x7F }
        return accessKeyID.utf8.allSatisfy(isVisible)
            && (sessionToken?.withBytes { $0.allSatisfy(isVisible) } ?? true)
    }
}

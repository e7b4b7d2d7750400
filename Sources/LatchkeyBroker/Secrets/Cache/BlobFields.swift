internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics

/// The fields of the blob `<prefix>/secrets`: the members of one JSON object, as callers get them.
///
/// Errors name the position in the blob and never its content.
struct BlobFields {
    private let values: [ExactText: Result<Secret, UpstreamFault>]

    /// Parses the blob.
    ///
    /// - Parameter subject: the name of the blob in its store, for messages.
    /// - Throws: `invalid` if the blob is not a JSON object. A member that cannot be served fails on its own.
    init(_ blob: FetchedSecret, _ tier: Tier, subject: String) throws(UpstreamFault) {
        func invalid(_ code: String) -> UpstreamFault {
            UpstreamFault(.invalid, upstream: tier.upstream, code: code, subject: subject)
        }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(blob.value.reveal(), limits: .document)
        } catch {
            throw invalid("secrets_\(error.code)")
        }
        guard !blob.isBinary, let members = document.root.members else {
            throw invalid(FaultCode.blobNotAnObject.rawValue)
        }
        var values: [ExactText: Result<Secret, UpstreamFault>] = [:]
        for (name, value) in members {
            // A name without a UTF-8 form cannot be requested.
            guard let name = name.string else { continue }
            // The last of several members with the same name counts.
            values[ExactText(name)] = SecretEntry.text(value).mapError { invalid("secrets_\($0.code)") }
        }
        self.values = values
    }

    /// Creates an entry for each field.
    func map(_ entry: (_ name: String, _ value: Secret) -> SecretEntry) -> [ExactText: SecretRecord.Field] {
        values.reduce(into: [:]) { fields, value in
            fields[value.key] = value.value.map { entry(value.key.text, $0) }
        }
    }
}

extension JSONError {
    /// The kind of error and its position, for ``UpstreamFault/code``: `not_json_at_byte_11`.
    var code: String { "\(isLimit ? "past_json_limits" : "not_json")_at_byte_\(offset)" }
}

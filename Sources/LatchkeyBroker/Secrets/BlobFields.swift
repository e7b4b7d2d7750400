internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics

/// The fields of the blob, `<prefix>/secrets`: the members of one JSON object, with their values as they are handed out.
/// What is wrong is said by its place, never by what stands there.
struct BlobFields {
    private let values: [ExactText: Result<Secret, UpstreamFault>]

    /// - Parameter subject: the blob's name in its store, for messages.
    /// - Throws: `invalid` where the blob is not a JSON object. A member that cannot be handed out harms only itself.
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
            // Nobody can ask for a name that has no UTF-8 form.
            guard let name = name.string else { continue }
            // Of two members with one name the last counts.
            values[ExactText(name)] = SecretEntry.text(value).mapError { invalid("secrets_\($0.code)") }
        }
        self.values = values
    }

    /// An entry for each value.
    func map(_ entry: (_ name: String, _ value: Secret) -> SecretEntry) -> [ExactText: SecretRecord.Field] {
        values.reduce(into: [:]) { fields, value in
            fields[value.key] = value.value.map { entry(value.key.text, $0) }
        }
    }
}

extension JSONError {
    /// For ``UpstreamFault/code``: what it is and where, as in `not_json_at_byte_11`.
    var code: String { "\(isLimit ? "past_json_limits" : "not_json")_at_byte_\(offset)" }
}

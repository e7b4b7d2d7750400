internal import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeySettings
internal import LatchkeyUpstream

/// Checks the form of the blob `<prefix>/secrets`. Pure; reports nothing about values except their form.
package struct BlobShape: Sendable {
    /// The name of the parameter or secret.
    package let name: String
    package let value: Secret
    /// Fields that the default profile needs, because no setting has them.
    package let wanted: [String]

    package init(name: String, value: Secret, wanted: [String]) {
        self.name = name
        self.value = value
        self.wanted = wanted
    }

    package var findings: [Finding] {
        var why = "is not a JSON object of names and values"
        var fields: JSONValue?
        do throws(JSONError) {
            fields = try JSONDocument(value.reveal(), limits: .document).root
        } catch {
            why += ": \(error)"
        }
        guard let fields, let members = fields.members else {
            return [
                .problem(
                    exit: .failed, .blob, name, why,
                    remedy: "check it with jq . blob.json, then write it: latchkey put secrets --file blob.json")
            ]
        }
        let found = wanted.flatMap { field($0, fields[$0]) }
        guard found.isEmpty else { return found }
        return [.fine(.blob, name, "a JSON object of \(members.reduce(0) { count, _ in count + 1 }) fields")]
    }

    private func field(_ field: String, _ value: JSONValue?) -> [Finding] {
        guard let value else {
            return [
                .problem(
                    exit: .configuration, .blob, field, "is neither set nor a field of \(name)",
                    remedy: "add the field to the blob, or set \(field) in the broker's environment")
            ]
        }
        guard let text = value.string, !text.isEmpty else {
            return [
                .problem(
                    exit: .configuration, .blob, field, "is not a non-empty string in \(name)",
                    remedy: "write it as a JSON string")
            ]
        }
        if text.first?.isWhitespace == true || text.last?.isWhitespace == true {
            return [
                .problem(
                    exit: .configuration, .blob, field, "begins or ends with white space in \(name)",
                    remedy: "remove the white space (often a pasted line end)")
            ]
        }
        guard field == SettingName.auth0Domain.rawValue else { return [] }
        do throws(TokenEndpoint.Rejection) {
            _ = try TokenEndpoint.auth0(domain: text)
            return []
        } catch {
            return [
                .problem(
                    exit: .configuration, .blob, field, "in \(name): \(error)",
                    remedy: "use only the tenant's host name, such as tenant.eu.auth0.com")
            ]
        }
    }
}

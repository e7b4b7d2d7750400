/// A policy as a Terraform file that can be added to others: no provider block, unique names.
package struct TerraformPolicy: Sendable {
    /// Maximum length of a managed policy's name (IAM, CreatePolicy, `PolicyName`).
    package static let maxNameLength = 128

    /// `runtime` or `migrator`.
    package let role: String
    package let place: PolicyPlace
    /// The policy document for a place.
    package let document: @Sendable (PolicyPlace) -> PolicyDocument

    package init(role: String, place: PolicyPlace, document: @escaping @Sendable (PolicyPlace) -> PolicyDocument) {
        self.role = role
        self.place = place
        self.document = document
    }

    private var name: String {
        let path = place.prefix.dropFirst().map { $0 == "/" ? "-" : String($0) }.joined()
        return String("latchkey-\(role)-\(path)".prefix(Self.maxNameLength))
    }

    /// The file, formatted as by `terraform fmt`.
    package var text: String {
        var place = place
        var account = ""
        if place.account == PolicyPlace.anyAccount {
            place.account = "${data.aws_caller_identity.latchkey_\(role).account_id}"
            account = "data \"aws_caller_identity\" \"latchkey_\(role)\" {}\n\n"
        }
        let policy = document(place).text.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        return """
            \(account)resource "aws_iam_policy" "latchkey_\(role)" {
              name   = "\(name)"
              policy = <<-JSON
            \(policy)
              JSON
            }

            output "latchkey_\(role)_policy_arn" {
              description = "Attach it to the role of \(role == "runtime" ? "the broker" : "those who migrate secrets")."
              value       = aws_iam_policy.latchkey_\(role).arn
            }
            """
    }
}

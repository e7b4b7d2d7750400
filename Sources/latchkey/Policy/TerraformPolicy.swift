/// A policy as a Terraform file of its own, to be put beside others: no provider block, names of its own.
package struct TerraformPolicy: Sendable {
    /// Characters of a managed policy's name at the most (IAM, CreatePolicy, `PolicyName`).
    package static let maxNameLength = 128

    /// `runtime` or `migrator`.
    package let role: String
    package let place: PolicyPlace
    /// The policy for a place.
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

    /// The file, as `terraform fmt` has it.
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
              description = "To be attached to the role of \(role == "runtime" ? "the broker" : "whoever moves secrets")."
              value       = aws_iam_policy.latchkey_\(role).arn
            }
            """
    }
}

/// A role that is assumed with other credentials (STS AssumeRole).
package struct AssumedRole: Hashable, Sendable {
    package let arn: String
    package let sessionName: String?
    package let externalID: String?
    /// 900 to 43,200 s; nil for STS's own hour.
    package let seconds: Int?

    /// - Returns: nil for a profile without `role_arn`.
    init?(_ profile: SharedProfile) throws(SharedConfigError) {
        guard let arn = try profile.text("role_arn") else { return nil }
        guard !profile.has("mfa_serial") else {
            throw profile.error(
                "mfa_serial", "profile \(profile.name) wants a code of an MFA device, which nobody is here to type")
        }
        var seconds: Int?
        if let text = try profile.text("duration_seconds") {
            guard let number = Int(text), (900...43_200).contains(number) else {
                throw profile.error(
                    "duration_seconds",
                    "duration_seconds of profile \(profile.name) must be a number from 900 to 43200")
            }
            seconds = number
        }
        self.arn = arn
        self.seconds = seconds
        sessionName = try profile.setting("role_session_name")
        externalID = try profile.text("external_id")
    }
}

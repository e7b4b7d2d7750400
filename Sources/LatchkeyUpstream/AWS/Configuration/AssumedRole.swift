/// A role that is assumed with other credentials (STS AssumeRole).
package struct AssumedRole: Hashable, Sendable {
    /// The range of `DurationSeconds` (STS API Reference, AssumeRole).
    private static let durations = 900...43_200

    package let arn: String
    package let sessionName: String?
    package let externalID: String?
    /// The lifetime to request; nil for STS's default, one hour.
    package let seconds: Int?

    /// - Returns: nil for a profile without `role_arn`.
    init?(_ profile: SharedProfile) throws(SharedConfigError) {
        guard let arn = try profile.text("role_arn") else { return nil }
        guard !profile.has("mfa_serial") else {
            throw profile.error(
                "mfa_serial",
                "profile \(profile.name) requires a code of an MFA device, which Latchkey cannot enter: use a role "
                    + "without MFA")
        }
        var seconds: Int?
        if let text = try profile.text("duration_seconds") {
            guard let number = Int(text), Self.durations.contains(number) else {
                throw profile.error(
                    "duration_seconds",
                    "duration_seconds of profile \(profile.name) must be a number from \(Self.durations.lowerBound) "
                        + "to \(Self.durations.upperBound)")
            }
            seconds = number
        }
        self.arn = arn
        self.seconds = seconds
        sessionName = try profile.setting("role_session_name")
        externalID = try profile.text("external_id")
    }
}

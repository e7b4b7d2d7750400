/// A role that is assumed with other credentials (STS AssumeRole).
struct AssumedRole: Hashable, Sendable {
    let arn: String
    let sessionName: String?
    let externalID: String?
    /// 900 to 43,200 s; nil for STS's own hour.
    let seconds: Int?

    /// - Parameter profile: has `role_arn`.
    init(arn: String, profile: [String: String], name: String) throws(AWSError) {
        guard profile["mfa_serial"] == nil else {
            throw .credentials("profile \(name) wants a code of an MFA device, which nobody is here to type")
        }
        var seconds: Int?
        if let text = profile["duration_seconds"] {
            guard let number = Int(text), (900...43_200).contains(number) else {
                throw .credentials("duration_seconds of profile \(name) must be a number from 900 to 43200")
            }
            seconds = number
        }
        self.arn = arn
        self.seconds = seconds
        sessionName = profile["role_session_name"]
        externalID = profile["external_id"]
    }
}

/// The credential sources in the order in which they are tried: botocore's order, which is the SDKs' with the settings
/// of a profile as separate sources (AWS SDKs and Tools Reference Guide, "Credential provider chain").
///
/// The raw values appear in logs and in the output of `latchkey doctor`.
package enum CredentialSource: String, Hashable, Sendable, CaseIterable {
    case environment
    case assumeRole = "assume-role profile"
    case webIdentity = "web identity"
    case singleSignOn = "SSO"
    case credentialsFile = "shared credentials file"
    case process = "credential_process"
    case configFile = "shared config file"
    case container
    case instance = "instance metadata"
}

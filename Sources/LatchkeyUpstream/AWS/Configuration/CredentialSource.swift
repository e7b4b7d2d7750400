/// The places credentials come from, in the order in which they are asked: botocore's, which is the SDKs' with the
/// profile's ways told apart (AWS SDKs and Tools Reference Guide, "Credential provider chain").
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

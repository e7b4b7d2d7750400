/// How to get the credentials that the shared files and the environment configure. Made without any request.
package indirect enum CredentialPlan: Sendable {
    case keys(AWSCredentials)
    case webIdentity(WebIdentity)
    case singleSignOn(SSOProfile)
    /// A command line.
    case process(String)
    /// `credential_source`: `Environment`, `EcsContainer` or `Ec2InstanceMetadata`.
    case named(CredentialSource)
    case assumeRole(AssumedRole, source: CredentialPlan)
}

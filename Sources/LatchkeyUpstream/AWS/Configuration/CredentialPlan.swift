/// How credentials are to be had: what the environment and the shared files say, read without asking anybody.
package indirect enum CredentialPlan: Sendable {
    case keys(AWSCredentials)
    case webIdentity(WebIdentity)
    case singleSignOn(SingleSignOn)
    /// A command line.
    case process(String)
    /// `credential_source`: `Environment`, `EcsContainer`, `Ec2InstanceMetadata`.
    case named(CredentialSource)
    case assumeRole(AssumedRole, source: CredentialPlan)
}

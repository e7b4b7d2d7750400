/// The certificate authorities that a client trusts.
package enum TLSTrust: Hashable, Sendable {
    /// The system's store, which `SSL_CERT_FILE` and `SSL_CERT_DIR` override as in every program that uses OpenSSL.
    case system
    /// Only the certificates of one PEM file, as `AWS_CA_BUNDLE` means in the AWS SDKs.
    case file(String)
}

/// A named kind of token that callers may request.
package struct TokenProfile: Sendable {
    package let name: String
    package let issuer: IssuerTier
    /// Identifies what the tokens are for: a token of one definition must not be served for another.
    ///
    /// Other replicas see it in ``Lease/definition``. 1 to 64 letters, digits and hyphens; nil for the profile of the
    /// `AUTH0_*` settings.
    package let definition: String?
    /// Changes with every change of the profile, including those that do not change its ``definition``.
    package let revision: Int

    package init(name: String, issuer: IssuerTier, definition: String? = nil, revision: Int = 0) {
        self.name = name
        self.issuer = issuer
        self.definition = definition
        self.revision = revision
    }
}

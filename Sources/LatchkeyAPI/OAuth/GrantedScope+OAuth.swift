extension GrantedScope {
    /// Throws `invalid_scope` if the token is known to lack one of the scopes.
    func require(_ wanted: [String]) throws(OAuthError) {
        guard includes(wanted) else {
            throw OAuthError(
                .invalidScope, "the token of this audience does not have all of the requested scope; omit scope")
        }
    }
}

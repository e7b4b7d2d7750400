/// The fleet that a verify or gate is about. One for another account or prefix proves nothing for this fleet.
package struct FleetID: Hashable, Sendable {
    /// The account of the parameters, twelve digits; nil if no moved parameter could tell it.
    package var account: String?
    /// The parameter that the fleet follows, `<prefix>/latchkey/backend`.
    package var parameter: String

    package init(account: String?, parameter: String) {
        self.account = account
        self.parameter = parameter
    }

    /// The details a verify records, from which ``CutoverProof`` recognises what it compared.
    /// - Parameter targets: the parameters that were compared.
    package func details(_ journal: Journal, comparing targets: Set<String>) -> [String: String] {
        var details = ["parameter": parameter, "compared": journal.comparisonDigest(of: targets)]
        details["account"] = account
        return details
    }
}

package import LatchkeyCore

/// How a cut-over changes the list of secrets that stay in Secrets Manager. Pure.
package struct KeptListChange: Hashable, Sendable {
    /// The list to write.
    package var list: KeptList
    /// The secrets for which callers get 404 after the cut-over.
    package var lost: [String]
    /// The secrets whose parameter has another value, which callers get after the cut-over.
    package var shadowed: [String]

    /// - Parameters:
    ///   - staying: the selected secrets that are not in Parameter Store.
    ///   - selected: the names of all selected secrets.
    ///   - known: the list as it is now.
    ///   - keeps: whether brokers keep reading `staying` from Secrets Manager. If not, the list becomes empty.
    package init(staying: [StayingSecret], selected: Set<String>, known: KeptList, keeps: Bool) {
        // Another migration may have put other names on the list.
        let others = known.names.filter { !selected.contains($0) }
        guard !keeps else {
            (list, lost, shadowed) = (KeptList(names: others + staying.map(\.name)), [], [])
            return
        }
        list = KeptList(names: [])
        let readable = staying.filter { !$0.isUnreadable }
        lost = KeptList(names: others + readable.filter { !$0.isShadowed }.map(\.name)).names
        shadowed = KeptList(names: readable.filter(\.isShadowed).map(\.name)).names
    }
}

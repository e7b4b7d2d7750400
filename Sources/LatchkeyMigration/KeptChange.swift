package import LatchkeyCore

/// What a cut-over makes of the secrets that stay in Secrets Manager. Pure.
package struct KeptChange: Hashable, Sendable {
    /// The list to write.
    package var list: KeptList
    /// Names that callers get 404 for from then on.
    package var lost: [String]
    /// Names whose parameter has another value, which callers get from then on.
    package var shadowed: [String]

    /// - Parameters:
    ///   - staying: of the secrets that the move is about.
    ///   - selected: all secrets that the move is about, by name.
    ///   - known: the list as it is.
    ///   - keeps: whether what stays is to be read from Secrets Manager; else the list is emptied.
    package init(staying: [StayingSecret], selected: Set<String>, known: KeptList, keeps: Bool) {
        // What another move has kept is not ours to let go.
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

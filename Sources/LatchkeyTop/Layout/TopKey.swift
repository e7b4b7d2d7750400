/// A key that the user pressed.
package enum TopKey: Hashable, Sendable {
    case character(Character)
    case tab, backTab, up, down, left, right
    /// Ctrl-C, and Ctrl-Z.
    case interrupt, suspend
}

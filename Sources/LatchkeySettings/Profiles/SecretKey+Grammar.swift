internal import LatchkeyBroker

extension SecretKey {
    /// What the initializer accepts, for messages.
    static let grammar = "letters, digits and _ . - / + = @, with no empty segment between slashes"
}

extension Problem {
    /// The request has no valid credential.
    static let noCaller = Problem(401, .unauthorized, "a valid key is needed in authorization: bearer <key>")

    /// The caller may not have what it asks for by name. It says nothing of the name, and is the same whether the name
    /// exists or not.
    static let notForCaller = Problem(403, .forbidden, "this caller may not have what it asks for")
}

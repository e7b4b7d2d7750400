internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeySettings
internal import LatchkeyUpstream

extension Finding {
    /// An action of those that list, which a role need not have.
    static func unlisted(_ action: String) -> Finding {
        .fine(
            .permission, action,
            "not allowed, so that GET /secrets and get_parameters_by_path are refused; latchkey policy --with-listing "
                + "opens them")
    }
}

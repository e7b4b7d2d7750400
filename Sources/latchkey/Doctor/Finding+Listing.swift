internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeySettings
internal import LatchkeyUpstream

extension Finding {
    /// A finding about a denied action for listing, which a role does not need.
    static func unlisted(_ action: String) -> Finding {
        .fine(
            .permission, action,
            "not allowed, so GET /secrets and get_parameters_by_path are refused; latchkey policy --with-listing prints "
                + "the permission")
    }
}

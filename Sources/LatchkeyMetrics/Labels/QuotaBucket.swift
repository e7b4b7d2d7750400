/// The limit of an issuer that a remaining quota belongs to.
package enum QuotaBucket: Int, Label {
    /// The issuer's `x-ratelimit-remaining`.
    case rate
    /// Auth0's `Auth0-Client-Quota-Limit`, `b=per_hour` and `b=per_day`.
    case clientHour, clientDay
    /// Auth0's `Auth0-Organization-Quota-Limit`, `b=per_hour` and `b=per_day`.
    case organizationHour, organizationDay
    /// Latchkey's own `LATCHKEY_ISSUE_BUDGET_PER_HOUR`.
    case budget

    package var label: String {
        switch self {
        case .rate: "rate"
        case .clientHour: "client_per_hour"
        case .clientDay: "client_per_day"
        case .organizationHour: "organization_per_hour"
        case .organizationDay: "organization_per_day"
        case .budget: "budget"
        }
    }
}

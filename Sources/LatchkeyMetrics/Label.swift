/// A closed set of values for one metric label: a caller-supplied string can never become a series.
///
/// The raw value is the case's place in its family's table; ``label`` is the text scrapes see.
package protocol Label: CaseIterable, Hashable, Sendable, RawRepresentable<Int> {
    /// The label's value as it stands in the exposition.
    var label: String { get }
}

extension Label {
    /// Every label value, in ordinal order.
    static var labels: [String] { allCases.map(\.label) }
}

/// What was asked for.
package enum Resource: Int, Label {
    case token, secret

    package var label: String {
        switch self {
        case .token: "token"
        case .secret: "secret"
        }
    }
}

/// Where an answer may come from, nearest first.
package enum Tier: Int, Label {
    case memory, parameterStore, secretsManager, auth0, oauth2, dynamodb

    package var label: String {
        switch self {
        case .memory: "memory"
        case .parameterStore: "parameter_store"
        case .secretsManager: "secrets_manager"
        case .auth0: "auth0"
        case .oauth2: "oauth2"
        case .dynamodb: "dynamodb"
        }
    }

    /// The spelling that HTTP headers and JSON bodies use (`parameter-store`).
    package var name: String { label.replacing("_", with: "-") }
}

/// What a tier said. A `skipped` tier was not asked: it failed a moment ago, or its answer could not be used.
package enum TierOutcome: Int, Label {
    case hit, miss, stale, error, skipped

    package var label: String {
        switch self {
        case .hit: "hit"
        case .miss: "miss"
        case .stale: "stale"
        case .error: "error"
        case .skipped: "skipped"
        }
    }
}

/// A route of the HTTP API; `other` is every path that is none.
package enum Route: Int, Label {
    case token, tokenProfile, tokenRejected, secret, secrets, cacheClear, health, livez, readyz, metrics, oauthToken
    case aws, extensionParameters, extensionSecrets, other

    package var label: String {
        switch self {
        case .token: "token"
        case .tokenProfile: "token_profile"
        case .tokenRejected: "token_rejected"
        case .secret: "secret"
        case .secrets: "secrets"
        case .cacheClear: "cache_clear"
        case .health: "health"
        case .livez: "livez"
        case .readyz: "readyz"
        case .metrics: "metrics"
        case .oauthToken: "oauth_token"
        case .aws: "aws"
        case .extensionParameters: "extension_parameters"
        case .extensionSecrets: "extension_secrets"
        case .other: "other"
        }
    }
}

/// A request method; `other` is every method no route takes.
package enum Method: Int, Label {
    case get, head, post, other

    package var label: String {
        switch self {
        case .get: "get"
        case .head: "head"
        case .post: "post"
        case .other: "other"
        }
    }
}

/// Why a token was fetched or fetched again.
package enum RefreshReason: Int, Label {
    case cold, ahead, forced, rejected

    package var label: String {
        switch self {
        case .cold: "cold"
        case .ahead: "ahead"
        case .forced: "forced"
        case .rejected: "rejected"
        }
    }
}

/// How a token fetch ended.
package enum RefreshOutcome: Int, Label {
    case success, failure
    /// Left to another replica, or to later because the issuer has little left.
    case deferred

    package var label: String {
        switch self {
        case .success: "success"
        case .failure: "failure"
        case .deferred: "deferred"
        }
    }
}

/// Why a request was not let in.
package enum AuthFailure: Int, Label {
    /// No key came.
    case missing
    /// The credential could not be read (not `Bearer`, bad base64, bad signature shape).
    case malformed
    /// No live caller has this key.
    case unknown
    /// The caller's `not_after` has passed.
    case expired
    /// The key is valid; its scopes do not open this route.
    case scope
    /// The key is valid; this secret or profile is not the caller's.
    case name
    /// An AWS Signature Version 4 that does not verify.
    case signature

    package var label: String {
        switch self {
        case .missing: "missing"
        case .malformed: "malformed"
        case .unknown: "unknown"
        case .expired: "expired"
        case .scope: "scope"
        case .name: "name"
        case .signature: "signature"
        }
    }
}

/// Which of an issuer's allowances a remaining quota belongs to.
package enum QuotaBucket: Int, Label {
    /// `x-ratelimit-remaining`.
    case rate
    /// `Auth0-Client-Quota-Limit`, `b=per_hour` and `b=per_day`.
    case clientHour, clientDay
    /// `Auth0-Organization-Quota-Limit`, `b=per_hour` and `b=per_day`.
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

/// What comparing the two secret stores showed.
package enum ShadowResult: Int, Label {
    case match, mismatch, error

    package var label: String {
        switch self {
        case .match: "match"
        case .mismatch: "mismatch"
        case .error: "error"
        }
    }
}

package import LatchkeyCore

/// One thing a diagnosis has looked at: how it stands, and what to do about it.
package struct Finding: Hashable, Sendable {
    /// What it is about.
    package enum Area: String, Hashable, Sendable {
        case settings, endpoint, clock, credentials, permission, key, blob, tokens, issuer, broker
    }

    /// How bad it is.
    package enum Severity: String, Hashable, Sendable {
        case fine
        /// Not looked at, since something else stands in the way.
        case skipped
        /// Works, and had better be otherwise.
        case warning
        case problem
    }

    package var area: Area
    /// What of it: a setting, a parameter, an action, a profile.
    package var subject: String
    package var severity: Severity
    /// Lower case; what is so.
    package var explanation: String
    /// What to do; nil where nothing is to be done.
    package var remedy: String?
    /// How a command that met this problem would end.
    package var status: ExitStatus
    /// The ARN that an action was refused on.
    package var resource: String?

    private init(
        severity: Severity, _ area: Area, _ subject: String, _ explanation: String, remedy: String?,
        status: ExitStatus = .done
    ) {
        self.severity = severity
        self.area = area
        self.subject = subject
        self.explanation = explanation
        self.remedy = remedy
        self.status = status
    }

    package static func fine(_ area: Area, _ subject: String, _ explanation: String) -> Finding {
        Finding(severity: .fine, area, subject, explanation, remedy: nil)
    }

    package static func skipped(_ area: Area, _ subject: String, _ explanation: String) -> Finding {
        Finding(severity: .skipped, area, subject, explanation, remedy: nil)
    }

    package static func warning(_ area: Area, _ subject: String, _ explanation: String, remedy: String) -> Finding {
        Finding(severity: .warning, area, subject, explanation, remedy: remedy)
    }

    package static func problem(
        exit status: ExitStatus, _ area: Area, _ subject: String, _ explanation: String, remedy: String
    ) -> Finding {
        Finding(severity: .problem, area, subject, explanation, remedy: remedy, status: status)
    }

    package var json: JSON {
        var members: JSONObject = [
            "area": .string(area.rawValue), "subject": .string(subject), "weight": .string(severity.rawValue),
            "explanation": .string(explanation), "exit_code": .integer(Int64(status.rawValue)),
        ]
        members["remedy"] = remedy.map { .string($0) }
        members["resource"] = resource.map { .string($0) }
        return .object(members)
    }
}

package import LatchkeyCore

/// The result of one check, with a remedy if there is a problem.
package struct Finding: Hashable, Sendable {
    /// What the finding is about.
    package enum Area: String, Hashable, Sendable {
        case settings, endpoint, clock, credentials, permission, key, blob, tokens, issuer, broker
    }

    /// The severity of a finding.
    package enum Severity: String, Hashable, Sendable {
        case fine
        /// Not checked, because of another problem.
        case skipped
        /// Works, but should be changed.
        case warning
        case problem

        var style: TextStyle {
            switch self {
            case .fine: .good
            case .skipped: .faint
            case .warning: .warning
            case .problem: .bad
            }
        }
    }

    package var area: Area
    /// The setting, parameter, action or profile that was checked.
    package var subject: String
    package var severity: Severity
    /// What was found, in lower case.
    package var explanation: String
    /// What to do; nil if nothing has to be done.
    package var remedy: String?
    /// The exit code of a command that meets this problem.
    package var status: ExitStatus
    /// The ARN for which an action was denied.
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

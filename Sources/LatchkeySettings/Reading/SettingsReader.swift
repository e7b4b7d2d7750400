internal import LatchkeyUpstream

/// Turns the given texts into values and collects everything that is wrong. The extensions read the settings of one subject
/// each.
struct SettingsReader {
    let sources: SettingSources
    var problems: [String]

    init(sources: SettingSources) {
        self.sources = sources
        problems = sources.problems
    }

    mutating func reject(_ name: SettingName, _ problem: String) { problems.append("\(name.rawValue): \(problem)") }

    // MARK: Values

    func text(_ name: SettingName) -> String? { sources.given[name]?.text }

    /// The items of a comma list, without spaces at their ends. An item may contain spaces.
    func list(_ name: SettingName) -> [String] {
        (text(name) ?? "").split(separator: ",").map {
            String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }

    /// A whole number within the bounds of the setting's row; nil if it is not set or rejected.
    mutating func number(_ name: SettingName) -> Int? {
        guard let text = text(name), let bounds = name.row.bounds else { return nil }
        if let number = Int(text), bounds.contains(number) { return number }
        reject(name, "must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        return nil
    }

    /// A number of seconds; the lower bound of the setting if it is rejected.
    mutating func seconds(_ name: SettingName) -> Duration {
        .seconds(number(name) ?? name.row.bounds?.lowerBound ?? 0)
    }

    /// One of the cases of `Choice`; `fallback` if it is not set or rejected.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: SettingName, _ fallback: Choice
    ) -> Choice {
        guard let text = text(name) else { return fallback }
        if let choice = Choice(rawValue: text) { return choice }
        reject(name, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        return fallback
    }

    /// `true` or `false`; false if it is not set or rejected.
    mutating func flag(_ name: SettingName) -> Bool {
        switch text(name) {
        case "true": return true
        case "false", nil: return false
        default:
            reject(name, "must be true or false")
            return false
        }
    }

    /// A token endpoint's URL, or the one that is made of a domain; nil if it is not set or rejected.
    mutating func tokenEndpoint(
        _ name: SettingName, _ make: (String) throws(TokenEndpoint.Rejection) -> TokenEndpoint
    ) -> TokenEndpoint? {
        guard let text = text(name) else { return nil }
        do throws(TokenEndpoint.Rejection) {
            return try make(text)
        } catch {
            reject(name, "\(error)")
            return nil
        }
    }
}

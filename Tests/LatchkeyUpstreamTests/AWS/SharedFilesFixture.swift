import LatchkeyUpstream

/// The texts of the two shared files in a home directory.
struct SharedFilesFixture {
    var config: String?
    var credentials: String?

    static let environment = ["HOME": "/h"]

    func content(_ path: String) -> SharedFileContent {
        switch path {
        case "/h/.aws/config": SharedFileContent(config)
        case "/h/.aws/credentials": SharedFileContent(credentials)
        default: .absent
        }
    }

    func files(_ environment: [String: String] = [:]) throws(SharedConfigError) -> SharedFiles {
        try SharedFiles(environment: environment.merging(Self.environment) { $1 }, read: content)
    }

    /// The source that the planner decides for, and its plan.
    func plan(
        _ environment: [String: String] = [:]
    ) throws(SharedConfigError) -> (source: CredentialSource, plan: CredentialPlan)? {
        try CredentialPlanner(environment: environment, files: files(environment)).decide()
    }
}

import LatchkeyConfine
import LatchkeyCore
import Testing

@Suite struct FileScopeTests {
    private let scope = FileScope(readable: ["/etc", "/run/keys"], allowsExecution: false)

    @Test(arguments: [
        ("/run/keys/token", false), ("/etc/latchkey/tls.pem", false), ("/run/keys", false),
        ("/run/keys2/token", true), ("/run/token", true), ("/home/ana/key", true),
    ])
    func onlyWhatIsBelowAFolderIsInside(path: String, isExcluded: Bool) {
        #expect(scope.excludes(path, realPath: { $0 }) == isExcluded)
    }

    @Test func aLinkIsJudgedByItsTarget() {
        #expect(scope.excludes("/run/keys/token", realPath: { _ in "/home/ana/token" }))
        #expect(!scope.excludes("/home/ana/token", realPath: { _ in "/run/keys/token" }))
    }

    @Test func aFileThatDoesNotExistIsJudgedByItsFolder() {
        #expect(!scope.excludes("/link/token", realPath: { $0 == "/link" ? "/run/keys" : nil }))
        #expect(scope.excludes("/link/token", realPath: { _ in nil }))
    }

    @Test func withoutALimitNothingIsOutside() {
        #expect(!FileScope.everything.excludes("/home/ana/key", realPath: { $0 }))
    }

    @Test func onlyADeniedPermissionIsExplainedByTheScope() {
        #expect(scope.explain(.denied, "/nonexistent/key") == .outsideConfinement)
        #expect(scope.explain(.absent, "/nonexistent/key") == .absent)
        #expect(scope.explain(.denied, "/etc/hosts") == .denied)
    }
}

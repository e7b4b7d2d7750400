import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing
import latchkey

extension SecretVariables {
    fileprivate init(blob: JSON, only: Set<String>? = nil, isStrict: Bool = false) throws(Refusal) {
        try self.init(blob: blob.bytes(), only: only, isStrict: isStrict)
    }
}

@Suite("The blob's fields as variables") struct SecretVariablesTests {
    private static func read(
        _ blob: JSON, only: Set<String>? = nil, isStrict: Bool = false
    ) throws -> [String: String?] {
        try read(blob.bytes(), only: only, isStrict: isStrict)
    }

    private static func read(
        _ blob: [UInt8], only: Set<String>? = nil, isStrict: Bool = false
    ) throws -> [String: String?] {
        let variables = try SecretVariables(blob: blob, only: only, isStrict: isStrict).variables
        return Dictionary(uniqueKeysWithValues: variables.map { ($0.name, $0.value.revealText()) })
    }

    @Test func `Fields become variables in the order of their names`() throws {
        let variables = try SecretVariables(blob: ["b": "2", "_": "0", "A": "1", "a": "3", "B1": "4"]).variables
        #expect(variables.map(\.name) == ["A", "B1", "_", "a", "b"])
    }

    @Test func `A string field becomes its text, and any other value becomes its JSON text`() throws {
        let blob = Array(
            #"{"s":" a\n","e":"","n":8080,"f":1.50,"t":true,"z":null,"a":[1, "x"],"o":{"b":1e400,"a":"\/"}}"#.utf8)
        #expect(
            try Self.read(blob) == [
                "s": " a\n", "e": "", "n": "8080", "f": "1.50", "t": "true", "z": "null", "a": #"[1, "x"]"#,
                "o": #"{"b":1e400,"a":"\/"}"#,
            ])
    }

    @Test func `If a name is repeated the last field counts, and two spellings are two names`() throws {
        let blob = Array(#"{"db":"first","\u0064b":"second"}"#.utf8)
        #expect(try Self.read(blob) == ["db": "second"])
        let spellings = try SecretVariables(blob: Array("{\"\u{E9}\":\"1\",\"e\u{301}\":\"2\",\"A\":\"3\"}".utf8))
        #expect(spellings.variables.map(\.name) == ["A"])
    }

    @Test func `Half of a surrogate pair omits the field in a name, and is refused in a value`() throws {
        let name = Array(#"{"\udc00":"x","db":"pw"}"#.utf8)
        let read = try SecretVariables(blob: name)
        #expect(read.variables.map(\.name) == ["db"] && read.leftOut == [#"\udc00"#: .nameNotUTF8])
        #expect(throws: SecretVariables.Refusal.unusable([#"\udc00"#: .nameNotUTF8])) {
            try SecretVariables(blob: name, isStrict: true)
        }
        let value = Array(#"{"odd":"\ud83d","db":"pw"}"#.utf8)
        #expect(throws: SecretVariables.Refusal.unusable(["odd": .valueNotUTF8])) { try SecretVariables(blob: value) }
        #expect(try Self.read(value, only: ["db"]) == ["db": "pw"])
    }

    @Test func `A blob that is not JSON is refused with the position of the error`() {
        #expect(throws: SecretVariables.Refusal.notAnObject(JSONError(.unexpectedByte, at: 11))) {
            try SecretVariables(blob: Array(#"{"db":"pw",}"#.utf8))
        }
    }

    @Test(arguments: ["db-password", "a.b", "1st", "a b", "ü", "e\u{301}", "a\nb", "a/b"])
    func `A name that shells cannot use is left out, or refused in strict mode`(name: String) throws {
        let blob = JSON.object([name: "x", "OK": "1"])
        let read = try SecretVariables(blob: blob)
        #expect(read.variables.map(\.name) == ["OK"] && read.leftOut == [name: .notAName])
        let refusal = SecretVariables.Refusal.unusable([name: .notAName])
        #expect(throws: refusal) { try SecretVariables(blob: blob, isStrict: true) }
        #expect(throws: refusal) { try SecretVariables(blob: blob, only: [name]) }
        #expect(try Self.read(blob, only: ["OK"], isStrict: true) == ["OK": "1"])
    }

    @Test(arguments: codeNames)
    func `A name that runs code is left out, used if it is requested, and refused in strict mode`(
        name: String
    ) throws {
        let blob = JSON.object([name: "x", "OK": "1"])
        let read = try SecretVariables(blob: blob)
        #expect(read.variables.map(\.name) == ["OK"] && read.leftOut == [name: .runsCode])
        #expect(try Self.read(blob, only: [name]) == [name: "x"])
        #expect(try Self.read(blob, only: [name], isStrict: true) == [name: "x"])
        #expect(throws: SecretVariables.Refusal.unusable([name: .runsCode])) {
            try SecretVariables(blob: blob, isStrict: true)
        }
    }

    /// The names of the shared table, and further ones of each kind.
    private static let codeNames: [String] =
        ((try? Fixture.json("cases/loader-variables.json"))?["names"]?.array?.compactMap(\.string) ?? [""]) + [
            "LD_BIND_NOW", "DYLD_FALLBACK_LIBRARY_PATH", "BASH_FUNC_x%%", "GIT_CONFIG_KEY_0", "LUA_INIT_5_4",
            "CORECLR_PROFILER_PATH_64", "AWS_PAGER", "KUBE_EDITOR", "SUDO_ASKPASS", "ES_JAVA_OPTS", "ZDOTDIR",
            "PYTHONBREAKPOINT", "RUBYSHELL", "PERL5DB", "GTK_MODULES", "LESSOPEN", "npm_config_script_shell",
            "NPM_CONFIG_NODE_OPTIONS", "RUSTC_WRAPPER", "ODBCSYSINI",
        ]

    @Test(arguments: [
        "MYSQL_PWD", "PGPASSWORD", "LDAP_URL", "ENVIRONMENT", "GIT_TOKEN", "JAVA_HOME", "NODE_ENV", "PATHS",
        "OLD_KEY", "PYTHONANYWHERE_API_TOKEN", "CARGO_REGISTRY_TOKEN", "NPM_CONFIG_TOKEN", "ld_preload", "BASH",
        "PAGERDUTY_TOKEN", "BUNDLE_GEMS__EXAMPLE__COM", "PIP_INDEX_URL", "HTTP_PROXY", "DATABASE_URL",
    ])
    func `A name that only looks like one is a variable`(name: String) throws {
        #expect(try Self.read(.object([name: "x"])) == [name: "x"])
    }

    @Test func `Shell and dotenv output cannot express the name of a requested bash function`() throws {
        let blob: JSON = ["BASH_FUNC_ls%%": "() { :; }"]
        let variables = try SecretVariables(blob: blob, only: ["BASH_FUNC_ls%%"]).variables
        #expect(VariableFormat.shell.unsupported(variables) == ["BASH_FUNC_ls%%"])
        #expect(VariableFormat.dotenv.unsupported(variables) == ["BASH_FUNC_ls%%"])
        #expect(VariableFormat.json.unsupported(variables).isEmpty)
    }

    @Test(arguments: ["", "=", "a=b", "a\u{0}"])
    func `A name that no environment can hold is always refused`(name: String) {
        #expect(throws: SecretVariables.Refusal.unusable([name: .impossibleName])) {
            try SecretVariables(blob: .object([name: "x"]))
        }
    }

    @Test func `A value with a zero byte is always refused, unless it is not selected`() throws {
        let blob: JSON = ["A": "a\u{0}b", "B": "b"]
        #expect(throws: SecretVariables.Refusal.unusable(["A": .zeroByte])) { try SecretVariables(blob: blob) }
        #expect(try Self.read(blob, only: ["B"]) == ["B": "b"])
    }

    @Test func `All requested fields must exist`() throws {
        let blob: JSON = ["A": "1", "B": "2", "C": "3"]
        #expect(try Self.read(blob, only: ["A", "C"]) == ["A": "1", "C": "3"])
        #expect(throws: SecretVariables.Refusal.absent(["X", "Y"])) {
            try SecretVariables(blob: blob, only: ["Y", "A", "X"])
        }
    }

    @Test func `Only an object has fields`() {
        for blob in [JSON.null, "text", ["A"], 5] {
            #expect(throws: SecretVariables.Refusal.notAnObject(nil)) { try SecretVariables(blob: blob) }
        }
    }
}

@Suite("The environment of the new program") struct ChildEnvironmentTests {
    private static let secrets = [
        SecretVariable(name: "A", value: Secret("secret")), SecretVariable(name: "B", value: Secret("")),
    ]

    private static func merge(_ inherited: [String], isPristine: Bool = false) -> (
        entries: [String], conflicts: [String]
    ) {
        let child = ChildEnvironment(
            inherited: inherited.map { Array($0.utf8) }, adding: secrets, isPristine: isPristine)
        return (child.entries.map { String(decoding: $0, as: UTF8.self) }, child.conflicts)
    }

    @Test func `Secrets come after the inherited entries`() {
        let merged = Self.merge(["PATH=/bin", "X=a=b"])
        #expect(merged.entries == ["PATH=/bin", "X=a=b", "A=secret", "B="] && merged.conflicts.isEmpty)
    }

    @Test func `A variable that is set keeps its value, and an equal value is not a conflict`() {
        #expect(Self.merge(["A=mine"]) == (["A=mine", "B="], ["A"]))
        #expect(Self.merge(["A=", "B=x"]) == (["A=", "B=x"], ["A", "B"]))
        #expect(Self.merge(["A=secret", "B="]) == (["A=secret", "B="], []))
        #expect(Self.merge(["A=secret", "A=other"]).conflicts.isEmpty, "getenv finds the first")
    }

    @Test func `A pristine environment keeps the variables that every process needs`() {
        let merged = Self.merge(
            ["HOME=/root", "A=mine", "LATCHKEY_API_KEY=k", "PATH=/bin", "PATHS=x", "AWS_REGION=r"], isPristine: true)
        #expect(merged == (["HOME=/root", "PATH=/bin", "A=secret", "B="], []))
    }

    @Test func `Inherited entries are unchanged, whatever they contain`() {
        let odd: [[UInt8]] = [[0xFF, 0x3D, 0xFE], Array("without".utf8), [], Array("=x".utf8), Array("A".utf8)]
        let child = ChildEnvironment(inherited: odd, adding: [], isPristine: false)
        #expect(child.entries == odd)
    }
}

@Suite("Formats of variables") struct VariableFormatTests {
    private static func render(_ value: String, _ format: VariableFormat) -> String {
        String(decoding: format.render([SecretVariable(name: "A", value: Secret(value))]), as: UTF8.self)
    }

    @Test(arguments: [
        ("", "A=''\n"), ("plain", "'plain'"), ("it's", #"'it'\''s'"#), ("a\n$b`c`\"\\", "'a\n$b`c`\"\\'"),
        ("'\u{301}", "''\\''\u{301}'"),
    ])
    func `Shell output uses single quotes`(value: String, holds: String) {
        let text = Self.render(value, .shell)
        #expect(text.hasPrefix("export A='") && text.hasSuffix("'\n") && text.utf8.count > 10)
        #expect(text.contains(holds))
    }

    @Test(arguments: [
        ("", ""), ("sk_live-1.2/3:4@5%6+7,8", "sk_live-1.2/3:4@5%6+7,8"), ("a b", "'a b'"), ("a=b#c", "'a=b#c'"),
        ("$HOME`x`\"", "'$HOME`x`\"'"), ("a\nb\n", "'a\nb\n'"), (#"C:\new"#, #"'C:\new'"#), ("it's", "\"it's\""),
        (#"a\\b"#, #"'a\\\\b'"#), (#"end\"#, #"'end\\'"#), ("it's $5", #"'it\'s $5'"#),
        (#"'"\"#, #"'\'"\\'"#), ("'\u{301}", "\"'\u{301}\""),
    ])
    func `A dotenv file has each value in the simplest form that preserves it`(value: String, written: String) {
        #expect(Array(Self.render(value, .dotenv).utf8) == Array("A=\(written)\n".utf8))
    }

    @Test func `JSON is one object of strings on one line`() {
        let text = Self.render("a\n\"ü/\u{1F511}", .json)
        #expect(text == #"{"A":"a\n\"ü/🔑"}"# + "\n")
    }

    @Test func `No variables give empty output, or an object without members`() {
        #expect(VariableFormat.shell.render([]).isEmpty && VariableFormat.dotenv.render([]).isEmpty)
        #expect(VariableFormat.json.render([]) == Array("{}\n".utf8))
    }
}

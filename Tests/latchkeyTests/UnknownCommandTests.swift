import Testing

@testable import latchkey

@Suite struct UnknownCommandTests {
    @Test(arguments: [
        (["toekn"], "there is no command `latchkey toekn`: did you mean `latchkey token`?"),
        (
            ["migrate", "pln", "--json"],
            "there is no command `latchkey migrate pln`: did you mean `latchkey migrate plan`?"
        ),
        (["nonsense"], "there is no command `latchkey nonsense`: `latchkey --help` lists all"),
        (["a\u{1B}b"], "there is no command `latchkey a?b`: `latchkey --help` lists all"),
    ])
    func `An unknown command is refused with the one that was meant`(arguments: [String], message: String) {
        #expect(UnknownCommand.message(arguments, root: Latchkey.self) == message)
    }

    @Test(arguments: [
        [], ["--version"], ["--help"], ["help", "toekn"], ["token"], ["token", "toekn"], ["migrate"],
        ["migrate", "plan", "x"], ["get", "sreve"], ["exec", "--", "toekn"],
    ])
    func `Everything else is left to the parser`(arguments: [String]) {
        #expect(UnknownCommand.message(arguments, root: Latchkey.self) == nil)
    }
}

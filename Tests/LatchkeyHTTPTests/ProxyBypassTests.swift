import LatchkeyHTTP
import Testing

@Suite("Hosts reached without a proxy")
struct ProxyBypassTests {
    @Test(arguments: [
        "localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.9.9.9", "127.1", "0x7f000001",
        "2130706433",
        "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "169.254.169.254", "169.254.170.2", "169.254.170.23",
        "::ffff:169.254.169.254",
        "fe80::1", "fd00:ec2::23", "fd00:ec2::254",
    ])
    func `Hosts on this machine and its link never use a proxy`(host: String) {
        #expect(ProxyBypass.isLocal(host))
    }

    @Test(arguments: [
        "128.0.0.1", "10.0.0.1", "169.253.0.1", "fd00:ec3::1", "fec0::1", "::2", "localhost.example", "notlocalhost",
        "127.0.0.1.example",
        "ssm.eu-central-1.amazonaws.com",
    ])
    func `Any other host may use a proxy`(host: String) { #expect(!ProxyBypass.isLocal(host)) }

    @Test(arguments: [
        ("a.example", "a.example", 443, true), ("a.example", "b.a.example", 443, true),
        (".a.example", "a.example", 443, true),
        ("..a.example", "b.a.example", 443, true), ("A.Example", "a.example", 443, true),
        ("ample", "a.example", 443, false),
        ("a.example", "aa.example", 443, false), (" x , a.example ", "a.example", 443, true),
        ("a.example:8443", "a.example", 8443, true),
        ("a.example:8443", "b.a.example", 8443, true), ("a.example:8443", "a.example", 443, false),
        ("a.example", "a.example", 8443, true),
        ("*", "a.example", 443, true), ("*.example", "a.example", 443, false), ("x,*", "a.example", 443, false),
        ("10.0.0.0/8", "10.1.2.3", 443, false), ("10.1.2.3", "10.1.2.3", 443, true),
        ("2001:db8::1", "2001:db8::1", 443, true),
        ("[2001:db8::1]", "2001:db8::1", 443, true), ("[2001:db8::1]:8443", "2001:db8::1", 8443, true),
        ("", "a.example", 443, false),
        (",,", "a.example", 443, false),
    ])
    func `The list is interpreted like urllib does`(list: String, host: String, port: Int, isPast: Bool) {
        let origin = Origin(scheme: .https, host: host, port: UInt16(port))
        #expect(ProxyBypass(list).contains(origin) == isPast)
    }
}

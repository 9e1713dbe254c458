import Testing

@testable import SettingsFile

@Suite("TOML tables") struct TOMLTableTests {
    @Test(
        "what tables and dotted keys make",
        arguments: [
            ("[a]\nx = 1", ["a@1:2 = table@1:1", "a.x@2:1 = 1@2:5"]),
            (" [ a . \"b c\" ] # t", ["a@1:4 = table@1:2", "a.b c@1:8 = table@1:2"]),
            ("a.b = 1\na.c = 2", ["a@1:1 = table@1:1", "a.b@1:3 = 1@1:7", "a.c@2:3 = 2@2:7"]),
            ("3.14 = 1", ["3@1:1 = table@1:1", "3.14@1:3 = 1@1:8"]),
            ("'' = 1", ["@1:1 = 1@1:6"]),
            ("[[a]]\nx = 1\n[[a]]", ["a[0] = table@1:1", "a[0].x@2:1 = 1@2:5", "a[1] = table@3:1"]),
            (
                "[[a]]\n[[a.b]]\nx = 1\n[a.c]\n[[a]]\n[[a.b]]",
                [
                    "a[0] = table@1:1", "a[0].b[0] = table@2:1", "a[0].b[0].x@3:1 = 1@3:5", "a[0].c@4:4 = table@4:1",
                    "a[1] = table@5:1", "a[1].b[0] = table@6:1",
                ]
            ),
            ("[a.b]\n[a]\nx = 1", ["a@2:1 = table@2:1", "a.b@1:4 = table@1:1", "a.x@3:1 = 1@3:5"]),
            (
                "[f]\na.c = 1\n[f.a.t]",
                ["f@1:2 = table@1:1", "f.a@2:1 = table@2:1", "f.a.c@2:3 = 1@2:7", "f.a.t@3:6 = table@3:1"]
            ),
        ])
    func shapes(text: String, expected: [String]) { #expect(drawing(of: text) == expected) }

    @Test(
        "what is defined twice, or added to what is closed, is refused at the second",
        arguments: [
            ("a = 1\na = 2", "2:1"),
            ("a = 1\na.b = 2", "2:1"),
            ("a.b = 1\na = 2", "2:1"),
            ("[a]\n[a]", "2:2"),
            ("[a]\n[[a]]", "2:3"),
            ("[[a]]\n[a]", "2:2"),
            ("a = []\n[[a]]", "2:3"),
            ("a = [{}]\n[a.b]", "2:2"),
            ("a = {}\n[a.b]", "2:2"),
            ("a = {}\na.b = 1", "2:1"),
            ("a = { b = 1, b = 2 }", "1:14"),
            ("a = { b = {}, b.c = 2 }", "1:15"),
            ("a.b = 1\n[a]", "2:2"),
            ("[a]\nb.c = 1\n[a.b]", "3:4"),
            ("[a.b.c]\nz = 9\n[a]\nb.c.t = 1", "4:3"),
            ("[a.b]\n[a]\nb = 1", "3:1"),
            ("a = 1\n[a.b]", "2:2"),
        ])
    func seconds(text: String, place: String) { #expect(troubles(of: text) == [place]) }
}

import ControlAPI
import Domain
import Engine
import Foundation
import Testing

@testable import Reports

@Suite("The interface's description") struct InterfaceTests {
    @Test("no two members have the same name, whatever they are")
    func names() throws {
        let interface = try InterfaceText(ControlInterface.description)
        let names = Array(interface.types.keys) + Array(interface.methods.keys) + Array(interface.errors)
        #expect(Set(names).count == names.count)
    }

    @Test("every method is described, and nothing else is")
    func methods() throws {
        let interface = try InterfaceText(ControlInterface.description)
        #expect(Set(interface.methods.keys) == Set(ControlMethod.allCases.map(\.rawValue)))
        #expect(interface.errors == Set(ControlTrouble.Told.allCases.map(\.rawValue)))
    }

    @Test(
        "every report has the shape that is described",
        arguments: [
            ("Status", Shown.status), ("List", .list), ("Show", .show), ("Why", .why), ("History", .history),
            ("Orders", .orders), ("Records", .records), ("Audit", .audit), ("Plan", .plan), ("Reconcile", .plan),
            ("Watch", .watch),
        ])
    func shapes(method: String, shown: Shown) throws {
        let interface = try InterfaceText(ControlInterface.description)
        let json = try JSONSerialization.jsonObject(with: Data(Golden.json(shown.report(Town())).utf8))
        let shape = try #require(interface.methods[method])
        #expect(interface.faults(of: json, as: shape.out, at: method) == [])
    }

    @Test(
        "every set of parameters has the shape that is described",
        arguments: [
            ("List", ControlSample.list), ("Show", .subject), ("History", .history), ("Orders", .orders),
            ("Records", .scope), ("Audit", .audit), ("Watch", .watch), ("Suspend", .suspend), ("Adopt", .adopt),
            ("Approve", .approve), ("Revoke", .revoke), ("Reactivate", .revoke), ("Reload", .none),
        ])
    func parameters(method: String, sample: ControlSample) throws {
        let interface = try InterfaceText(ControlInterface.description)
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(sample.value))
        let shape = try #require(interface.methods[method])
        #expect(interface.faults(of: json, as: shape.parameters, at: method) == [])
    }

    @Test("a member that is not described, missing or of another type is found")
    func checker() throws {
        let interface = try InterfaceText(
            "# c\ninterface a.b\n\nmethod M() -> (s: string, n: ?int, e: (x, y), d: [string]string, l: []string)\n")
        let out = try #require(interface.methods["M"]).out
        let good: [String: Any] = ["s": "t", "e": "x", "d": ["k": "v"], "l": ["a"]]
        #expect(interface.faults(of: good, as: out, at: "M") == [])
        for (member, value) in [("s", 7), ("e", "z"), ("d", ["k": 1]), ("l", [1]), ("n", "1"), ("more", 1)]
            as [(String, Any)]
        {
            var bad = good
            bad[member] = value
            #expect(interface.faults(of: bad, as: out, at: "M").count == 1, "\(member)")
        }
        #expect(interface.faults(of: ["s": "t"], as: out, at: "M").count == 3)
    }
}

/// Parameters with every member set.
enum ControlSample: CaseIterable {
    case none, list, subject, history, orders, scope, audit, watch, suspend, adopt, approve, revoke

    var value: any Encodable {
        switch self {
        case .none: NoParameters()
        case .list:
            ListParameters(zone: "z", kind: "pack", expiringWithinSeconds: 1, moving: true, wrong: true, all: true)
        case .subject: SubjectParameters(subject: "s")
        case .history: HistoryParameters(subject: "s", zone: "z", since: "a", until: "b", limit: 1)
        case .orders: HistoryParameters(subject: "s", zone: "z", since: "a", until: "b", limit: 1, open: true)
        case .scope: ScopeParameters(scope: "s")
        case .audit: HistoryParameters(since: "a", limit: 1)
        case .watch: WatchParameters(subjects: ["s"])
        case .suspend: SuspendParameters(scope: "s", reason: "r", until: "u", forSeconds: 1)
        case .adopt: AdoptParameters(object: "o", subject: "s", replace: true)
        case .approve: ApproveParameters(subject: "s", state: true)
        case .revoke: RevokeParameters(subject: "s", object: "o", reason: "r")
        }
    }
}

/// A Varlink interface description, read to be held against JSON.
struct InterfaceText {
    indirect enum Form {
        case bool, int, float, string, object
        case named(String)
        case array(Form)
        case map(Form)
        case maybe(Form)
        case words(Set<String>)
        case members([String: Form])
    }

    private(set) var types: [String: Form] = [:]
    private(set) var methods: [String: (parameters: Form, out: Form)] = [:]
    private(set) var errors: Set<String> = []

    struct Unreadable: Error { let rest: [String] }

    init(_ text: String) throws {
        let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }.joined(separator: " ")
        var words = Words(code)
        guard words.take("interface") else { throw words.trouble }
        _ = words.next()
        while let word = words.next() {
            let name = words.next() ?? ""
            switch word {
            case "type": types[name] = try words.form()
            case "error":
                _ = try words.form()
                errors.insert(name)
            case "method":
                let parameters = try words.form()
                guard words.take("->") else { throw words.trouble }
                methods[name] = (parameters, try words.form())
            default: throw words.trouble
            }
        }
    }

    func faults(of json: Any, as form: Form, at path: String) -> [String] {
        switch form {
        case .bool: json is Bool ? [] : ["\(path) is no bool"]
        case .int: json is Int ? [] : ["\(path) is no int"]
        case .float: json is Double ? [] : ["\(path) is no float"]
        case .string: json is String ? [] : ["\(path) is no string"]
        case .object: []
        case .named(let name): types[name].map { faults(of: json, as: $0, at: path) } ?? ["\(path): no type \(name)"]
        case .maybe(let inner): faults(of: json, as: inner, at: path)
        case .words(let words): (json as? String).map(words.contains) == true ? [] : ["\(path) is none of \(words)"]
        case .array(let inner):
            (json as? [Any])?.enumerated().flatMap { faults(of: $1, as: inner, at: "\(path)[\($0)]") } ?? [
                "\(path) is no array"
            ]
        case .map(let inner):
            (json as? [String: Any])?.flatMap { faults(of: $1, as: inner, at: "\(path).\($0)") } ?? [
                "\(path) is no map"
            ]
        case .members(let members): faults(of: json, with: members, at: path)
        }
    }

    private func faults(of json: Any, with members: [String: Form], at path: String) -> [String] {
        guard let json = json as? [String: Any] else { return ["\(path) is no object"] }
        var found = json.keys.filter { members[$0] == nil }.map { "\(path).\($0) is not described" }
        for (name, form) in members {
            if let value = json[name] {
                found += faults(of: value, as: form, at: "\(path).\(name)")
            } else if case .maybe = form {
                continue
            } else {
                found.append("\(path).\(name) is missing")
            }
        }
        return found
    }

    private struct Words {
        var rest: [String] = []

        init(_ text: String) {
            var word = ""
            func isMark(_ character: Character) -> Bool { "(),:?[]".contains(character) }
            for character in text {
                if isMark(character) || character == " " {
                    if !word.isEmpty { rest.append(word) }
                    word = ""
                    if isMark(character) { rest.append(String(character)) }
                } else {
                    word.append(character)
                }
            }
            if !word.isEmpty { rest.append(word) }
            rest.reverse()
        }

        var trouble: Unreadable { Unreadable(rest: rest.suffix(5).reversed()) }
        mutating func next() -> String? { rest.popLast() }
        mutating func take(_ word: String) -> Bool {
            guard rest.last == word else { return false }
            rest.removeLast()
            return true
        }

        mutating func form() throws -> Form {
            if take("?") { return .maybe(try form()) }
            if take("[") {
                if take("]") { return .array(try form()) }
                guard take("string"), take("]") else { throw trouble }
                return .map(try form())
            }
            if take("(") { return try list() }
            switch next() {
            case "bool": return .bool
            case "int": return .int
            case "float": return .float
            case "string": return .string
            case "object": return .object
            case let name?: return .named(name)
            case nil: throw trouble
            }
        }

        private mutating func list() throws -> Form {
            var words: Set<String> = []
            var members: [String: Form] = [:]
            while !take(")") {
                guard let name = next() else { throw trouble }
                if take(":") { members[name] = try form() } else { words.insert(name) }
                _ = take(",")
            }
            return words.isEmpty ? .members(members) : .words(words)
        }
    }
}

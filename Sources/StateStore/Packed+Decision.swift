import Domain

extension Decision {
    var packed: Packed {
        var action: Packed?
        switch verdict {
        case .act(let now): action = now.packed
        case .hold(let wouldBe): action = wouldBe?.packed
        case .wait, .rest: break
        }
        return .record(of: [
            "word": .text(word), "reason": .text(reason.rawValue), "action": action,
            "detail": detail.isEmpty ? nil : .text(detail), "until": until.map(Packed.init),
            "inputs": inputs.isEmpty ? nil : .list(inputs.map { .texts([$0.name, $0.value]) }),
        ])
    }

    init(_ packed: Packed) throws(Unreadable) {
        var action: Action?
        if let member = packed["action"] { action = try Action(member) }
        let verdict: Verdict
        switch (try packed.text("word"), action) {
        case ("act", let action?): verdict = .act(action)
        case ("wait", nil): verdict = .wait
        case ("rest", nil): verdict = .rest
        case ("hold", let action): verdict = .hold(wouldBe: action)
        case (let word, _): throw Unreadable("'\(word)' is no decision, or lacks its action")
        }
        var inputs: [Input] = []
        for item in try packed.list("inputs") {
            guard case .list(let pair) = item, pair.count == 2, case .text(let name) = pair[0],
                case .text(let value) = pair[1]
            else { throw Unreadable("'inputs' holds something that is no pair of texts") }
            inputs.append(Input(name, value))
        }
        self.init(
            verdict, because: try packed.word("reason"), try packed.optionalText("detail") ?? "",
            until: try packed.optionalMoment("until"), inputs: inputs)
    }
}

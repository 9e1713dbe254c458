/// What is to be done about one subject, and why. Doing nothing is a decision too.
public struct Decision: Hashable, Sendable {
    /// What it is about is kept beside it: a decision is handed on far more often than its action is looked at, and nearly
    /// all have none.
    public indirect enum Verdict: Hashable, Sendable {
        /// Do this now.
        case act(Action)
        /// Something will change by itself.
        case wait
        /// Nothing to do.
        case rest
        /// Nothing is done until a person, or a better day, lifts it. With what would be done, where that is known.
        case hold(wouldBe: Action?)
    }

    public var verdict: Verdict
    public var reason: Reason
    /// The particulars in a few words: hosts, identifiers, Cloudflare's code. Never part of a comparison.
    public var detail: String
    /// The moment at which the clock alone changes the decision; nil when only a look or a person can.
    public var until: Timestamp?
    /// What the decision was made from, for `edgecertctl why`.
    public var inputs: [Input]

    public struct Input: Hashable, Sendable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    public init(
        _ verdict: Verdict, because reason: Reason, _ detail: String = "", until: Timestamp? = nil, inputs: [Input] = []
    ) {
        (self.verdict, self.reason, self.detail, self.until, self.inputs) = (verdict, reason, detail, until, inputs)
    }

    public static func act(_ action: Action, because reason: Reason, _ detail: String = "") -> Decision {
        Decision(.act(action), because: reason, detail)
    }
    public static func wait(because reason: Reason, _ detail: String = "", until: Timestamp? = nil) -> Decision {
        Decision(.wait, because: reason, detail, until: until)
    }
    public static func rest(because reason: Reason, _ detail: String = "") -> Decision {
        Decision(.rest, because: reason, detail)
    }
    public static func hold(_ wouldBe: Action? = nil, because reason: Reason, _ detail: String = "") -> Decision {
        Decision(.hold(wouldBe: wouldBe), because: reason, detail)
    }

    public var action: Action? {
        guard case .act(let action) = verdict else { return nil }
        return action
    }

    public var isHeld: Bool {
        guard case .hold = verdict else { return false }
        return true
    }

    /// `act`, `wait`, `rest` or `hold`: the word for the database and the tool. Never renamed.
    public var word: String {
        switch verdict {
        case .act: "act"
        case .wait: "wait"
        case .rest: "rest"
        case .hold: "hold"
        }
    }
}

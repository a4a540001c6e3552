"""The rules of escalation a second time, as plainly as they can be written: what an incident does, from what happens to it.

Written from the language's rules, not from the prelude. Time is in whole seconds from the start. Everything that waits is a
generator that yields the second at which it wants to be looked at again (None: whenever something happens). At every second at
which something happens the signals come first, one by one, then what is due, in the order of its times; after each all
that waits is looked at until nothing changes any more. `Incident(case).run()` gives the record: (second, what, who, how) of
pages, notifications, rungs that were due or passed, and lapses.
"""

import heapq

MINUTE = 60
RESULT = "result"  # waits to hear that a way has failed: after all that is due at this second


class Rule:
    def __init__(self, level, index, given):
        self.level, self.index, self.name = level, index, (level, index)
        self.kind = given["kind"]  # once, unacknowledged, unresolved, raised, missed
        self.after = given.get("after", 0)
        self.names = given["names"]
        self.each = given.get("each", False)
        self.pages = given.get("pages", True)
        self.times, self.every = given.get("repeat", (0, 0))
        self.rung = 0
        self.firings = 0
        self.seen = 0  # of "raised" and "missed": how often it had come when the rule last fired
        self.clear()

    def clear(self):
        self.fired = self.forced = self.tried = False
        self.called = None
        self.going = self.silent = 0

    def on_ack(self):
        return self.kind in ("once", "unacknowledged")

    def is_timed(self):
        return self.on_ack() or self.kind == "unresolved"


class Ladder:
    def __init__(self, level, given):
        self.rules = [Rule(level, index, rule) for index, rule in enumerate(given["rules"])]
        self.last = given["last"]  # names and every
        self.tried = self.told = False
        rungs = sorted((rule for rule in self.rules if rule.is_timed() and rule.pages), key=lambda rule: (rule.after, rule.index))
        for number, rule in enumerate(rungs, 1):
            rule.rung = number
        self.rungs = rungs


class Incident:
    def __init__(self, case):
        self.case = case
        self.contacts = case["contacts"]  # name → ways, within, backup
        self.severities = case["severities"]  # holds, respond, ladder; the worst first
        self.ladders = [Ladder(level, severity["ladder"]) for level, severity in enumerate(self.severities)]
        self.cap = case["cap"]  # (count, seconds) or None
        self.now = 0
        self.turn = None  # whose time has come
        self.current = None  # which of the processes is looked at
        self.record = []
        self.changes = 0
        self.processes = []  # [generator, when]
        self.lasts = []  # the same, of `at last`: looked at last
        self.results = []  # of those, which wait for a result, in the order in which they come
        self.lapsed = []  # holders that are to be paged unless the ladder does it
        self.signals = []
        self.order = 0
        self.level = case["level"]
        self.spent = [0] * len(self.severities)
        self.since = self.began = 0
        self.rose = False
        self.unacked = 0
        self.holder, self.renewed, self.asked, self.ever_acked = None, 0, None, False
        self.resolved = False
        self.resolutions, self.openings = 0, 1
        self.raises = self.misses = 0
        self.missed_in = [0] * len(self.severities)
        self.answered, self.paged, self.sent, self.rung_answered = {}, {}, {}, {}
        self.acks_used = set()

    # ---- the world ----

    def note(self, what, who, how=""):
        self.record.append((self.now, what, who, how))
        self.changes += 1

    def signal(self, at, kind, by, value=None):
        heapq.heappush(self.signals, (at, self.order, kind, by, value))
        self.order += 1

    def spawn(self, process):
        entry = [process, self.now]
        self.processes.append(entry)
        self.changes += 1
        self.step(entry)

    def reaches(self, who, way):
        return not any(f["who"] == who and f["way"] == way and self.now < f["before"] for f in self.case["failures"])

    def reacts(self, who):
        """What people do when a page reaches them."""
        person = self.case["people"].get(who)
        if not person:
            return
        does, after = person
        if does == "answers":
            self.signal(self.now + after, "answered", who)
        elif who not in self.acks_used:
            self.acks_used.add(who)
            self.signal(self.now + after, "ack", who)

    def run(self):
        for at, kind, by, value in self.case["signals"]:
            self.signal(at, kind, by, value)
        self.lasts = [[self.at_last(level, ladder), None] for level, ladder in enumerate(self.ladders)]
        self.settle()
        self.do_what_is_due()
        while True:
            times = self.times() + ([self.signals[0][0]] if self.signals else [])
            if not times:
                break
            self.now = max(self.now, self.awake(min(times)))
            if self.now > self.case["until"]:
                break
            while self.signals and self.signals[0][0] <= self.now:
                _, _, kind, by, value = heapq.heappop(self.signals)
                self.take(kind, by, value)
                self.settle()
            self.do_what_is_due()
        return self.record

    def do_what_is_due(self):
        while self.is_due() or self.lapsed or self.results:
            while self.is_due() or self.lapsed:
                if self.is_due():
                    self.let_come(min(self.timers(), key=lambda timer: timer[0]))
                else:
                    self.page_holder(self.lapsed.pop())
                self.settle()
            while self.results:
                self.results.pop(0)[1] = None
                self.settle()

    def let_come(self, timer):
        """Of what is due the first: only for it its time has come."""
        _, self.turn, look = timer
        look()
        self.turn = None

    def timers(self):
        """(when, whose, what is to be done then), in the order in which they come at one second."""
        timers = []
        if self.holder and not self.resolved:
            ends = self.renewed + self.holds()
            timers += [(ends, "holder", self.keep_acknowledgement)]
            if self.is_to_be_asked():
                timers += [(ends - 5 * MINUTE, "holder", self.keep_acknowledgement)]
        timers += [(self.target_due(), "target", self.miss_targets)]
        if not self.resolved:
            timers += [(self.due(rule), "ladder", self.fire_due) for rule in self.ladders[self.level].rules]
        for entry in self.processes + self.lasts:
            timers += [(entry[1], entry, lambda entry=entry: self.step(entry))]
        return [timer for timer in timers if timer[0] not in (None, RESULT)]

    def times(self):
        return [when for when, _, _ in self.timers()]

    def is_due(self):
        return min(self.times(), default=self.now + 1) <= self.now

    def has_come(self, time, whose):
        return self.turn is whose and time <= self.now

    def awake(self, at):
        """While no process runs nothing happens; what was due is done when it goes on."""
        for begin, lasts in self.case["downtimes"]:
            if begin <= at < begin + lasts:
                return begin + lasts
        return at

    def settle(self):
        before = None
        while before != self.changes:
            before = self.changes
            for entry in self.processes + self.lasts:
                self.step(entry)

    def step(self, entry):
        if entry[1] == RESULT:
            return
        outer, self.current = self.current, entry
        try:
            entry[1] = next(entry[0])
            if entry[1] == RESULT:
                self.results.append(entry)
        except StopIteration:
            self.processes.remove(entry)
        self.current = outer

    # ---- clocks ----

    def at_severity(self, level):
        return self.spent[level] + (self.now - self.since if self.level <= level else 0)

    def holds(self):
        return self.severities[self.level]["holds"]

    def due(self, rule):
        if rule.fired or rule.level != self.level:
            return None
        by_clock = None
        if rule.kind == "once":
            by_clock = self.unacked
        elif rule.kind == "unacknowledged" and not self.holder:
            by_clock = self.unacked + rule.after
        elif rule.kind == "unresolved":
            by_clock = self.now + rule.after - self.at_severity(rule.level)
        elif rule.kind == "raised" and self.raises > rule.seen:
            by_clock = self.now
        elif rule.kind == "missed" and self.misses > rule.seen:
            by_clock = self.now
        times = [when for when in (by_clock, rule.called) if when is not None]
        return max(min(times), self.began) if times else None

    def target_due(self):
        if self.resolved or self.ever_acked or self.missed_in[self.level] == self.openings:
            return None
        return self.now + self.severities[self.level]["respond"] - self.at_severity(self.level)

    def miss_targets(self):
        if self.target_due() is not None:
            self.missed_in[self.level] = self.openings
            self.misses += 1
            self.note("target missed", "")

    def is_to_be_asked(self):
        return self.asked != self.renewed and self.holds() > 5 * MINUTE and self.now < self.renewed + self.holds()

    def keep_acknowledgement(self):
        if not self.holder or self.resolved:
            return
        ends = self.renewed + self.holds()
        if ends <= self.now:
            self.note("lapsed", self.holder)
            if self.holder in self.contacts:
                self.lapsed.append(self.holder)
            self.nobody_has_it()
        else:
            self.asked = self.renewed
            self.spawn(self.tell(self.holder))

    def page_holder(self, holder):
        """After all else: unless the ladder has paged him already."""
        if self.paged.get(holder) != self.now:
            self.spawn(self.page_chain(holder, with_ack=True, free=True))

    # ---- signals ----

    def take(self, kind, by, value):
        if self.holder == by:
            self.renewed = self.now
        if kind == "answered":
            self.answered[by] = self.now
        elif kind == "ack":
            self.answered[by] = self.now
            if not self.resolved and self.holder != by:
                self.holder, self.renewed, self.ever_acked = by, self.now, True
        elif kind == "unack" and self.holder and not self.resolved:
            self.nobody_has_it()
        elif kind == "severity":
            self.set_severity(value)
        elif kind == "resolve" and not self.resolved:
            self.resolved = True
            self.resolutions += 1
        elif kind == "reopen" and self.resolved:
            self.reopen()
        elif kind == "escalate":
            self.escalate(value)
        self.changes += 1

    def nobody_has_it(self):
        self.holder = None
        self.unacked = self.now
        for ladder in self.ladders:
            for rule in ladder.rules:
                if rule.on_ack():
                    seen, going = rule.seen, rule.going
                    rule.clear()
                    rule.seen, rule.going = seen, going
                    if rule.rung:
                        ladder.tried = ladder.told = False
                elif rule.rung and rule.fired:
                    rule.tried = True

    def reopen(self):
        self.resolved, self.holder = False, None
        self.openings += 1
        self.unacked = self.since = self.began = self.now
        self.rose = False
        self.spent = [0] * len(self.severities)
        for ladder in self.ladders:
            ladder.tried = ladder.told = False
            for rule in ladder.rules:
                rule.clear()
                rule.seen = self.events(rule)

    def events(self, rule):
        return {"raised": self.raises, "missed": self.misses}.get(rule.kind, 0)

    def set_severity(self, level):
        if level == self.level:
            return
        self.spent = [self.at_severity(one) for one in range(len(self.spent))]
        self.rose = level < self.level
        self.level, self.since, self.began = level, self.now, self.now
        self.raises += self.rose
        for ladder in self.ladders:
            for rule in ladder.rules:
                if not rule.is_timed():
                    rule.fired = False
        if self.rose:
            return
        ladder = self.ladders[level]
        for rule in ladder.rules:
            due = self.due(rule)
            if due is None or due > self.now:
                continue
            rule.seen = self.events(rule)
            if rule.is_timed():
                rule.fired = rule.tried = True
                self.note("passed", rule.name)
                if rule.rung and rule.rung == len(ladder.rungs):
                    ladder.tried = ladder.told = True

    def escalate(self, who):
        if who:
            self.spawn(self.page_chain(who, with_ack=False, free=True))
        elif not self.resolved:
            self.call_next(self.ladders[self.level], forced=True)

    # ---- the ladder ----

    def fire_due(self):
        """Of the rules that are due the first."""
        ladder = self.ladders[self.level]
        ready = [rule for rule in ladder.rules if self.due(rule) is not None and self.due(rule) <= self.now]
        by_raise = [rule for rule in ready if self.due(rule) == self.began]
        rule = min(ready, key=lambda one: (self.due(one), one.after if one in by_raise else 0, one.index))
        late = self.now - self.due(rule)
        rule.fired = True
        rule.firings += 1
        rule.seen = self.events(rule)
        rule.silent = 0
        self.note("due", rule.name, late)
        raised = self.rose and self.began == self.now
        if rule.pages:
            for name in rule.names:
                self.spawn(self.page_by_rule(ladder, rule, name, raised, rule.forced))
        else:
            self.spawn(self.notify_by_rule(rule))

    def in_force(self, level):
        return self.level == level and not self.resolved

    def is_over(self, rule, rounds, with_ack):
        if rounds == 0:
            return False
        return (rule.times is not None and rounds > rule.times) or not self.in_force(rule.level) or (with_ack and self.holder is not None)

    def notify_by_rule(self, rule):
        rounds = 0
        while not self.is_over(rule, rounds, False):
            for name in rule.names:
                yield from self.tell(name)
            rounds += 1
            next_round = self.now + rule.every
            while not self.is_over(rule, rounds, False) and not self.has_come(next_round, self.current):
                yield next_round

    def page_by_rule(self, ladder, rule, name, raised, forced):
        with_ack = rule.on_ack() and not forced
        if with_ack and self.holder:
            rule.tried = True
            yield from self.tell(name)
            return
        knows = self.holder == name or self.now - self.paged.get(name, -1e9) <= 10 * MINUTE
        if raised and not forced and knows:
            rule.tried = True
            if rule.rung and rule.rung == len(ladder.rungs):
                ladder.tried = True
                ladder.told = ladder.told or self.holder is not None
            yield from self.tell(name)
            return
        began, rounds, firing = self.now, 0, rule.firings
        while not self.is_over(rule, rounds, with_ack) and not (rounds and self.chain_answered(name, began)):
            rule.going += 1
            silent = yield from self.page_chain(name, with_ack, rounds == 0, rule, ladder)
            rule.going -= 1
            if rounds == 0 and silent and rule.fired and rule.firings == firing:
                self.nobody_answered(ladder, rule)
            rounds += 1
            next_round = self.now + rule.every
            while not (self.is_over(rule, rounds, with_ack) or self.chain_answered(name, began)) and not self.has_come(next_round, self.current):
                yield next_round

    def chain(self, name):
        people = []
        while name and name not in people:
            people.append(name)
            name = self.contacts[name]["backup"]
        return people

    def chain_answered(self, name, since):
        return any(self.answered.get(one, -1) >= since for one in self.chain(name))

    def nobody_answered(self, ladder, rule):
        if self.resolved:
            return
        rule.silent += 1
        if rule.silent != (1 if rule.each else len(rule.names)):
            return
        rule.tried = True
        self.changes += 1
        if not rule.rung:
            self.call_next(ladder, forced=False)
            return
        above = ladder.rungs[rule.rung :]
        while above and above[0].fired and above[0].tried and not above[0].going:
            above = above[1:]
        if not above:
            ladder.tried = True
        elif not above[0].fired:
            above[0].called = self.now

    def call_next(self, ladder, forced):
        for rule in ladder.rungs:
            if not rule.fired:
                rule.called = self.now
                rule.forced = rule.forced or forced
                self.changes += 1
                return

    def at_last(self, level, ladder):
        due = None
        while True:
            if not self.in_force(level) or not ladder.tried:
                due = None
                yield None
            elif self.holder:
                if not ladder.told:
                    ladder.told = True
                    if self.holder in self.contacts:
                        self.spawn(self.tell(self.holder))
                due = None
                yield None
            elif due is None or not self.has_come(due, self.current):
                due = due if due is not None else self.now
                yield due
            else:
                ladder.told = True
                due = self.now + ladder.last["every"]
                for name in ladder.last["names"]:
                    self.spawn(self.page_chain(name, with_ack=True, free=False))
                yield due

    # ---- pages and notifications ----

    def tell(self, name):
        for way in self.contacts[name]["ways"]:
            if self.reaches(name, way):
                self.note("told", name)
                return
            self.changes += 1
            yield RESULT
        self.note("not told", name)

    def is_capped(self, who, way):
        if not self.cap:
            return False
        count, seconds = self.cap
        return sum(self.now - at < seconds for at in self.sent.get((who, way), [])) >= count

    def page_chain(self, name, with_ack, free, rule=None, ladder=None):
        """Pages a contact, then his backups. True: nobody answered."""
        began, resolutions, tried = self.now, self.resolutions, []

        def ended():
            if any(self.answered.get(one, -1) >= began for one in tried):
                return "answered"
            if with_ack and self.holder:
                return "acknowledged"
            if self.resolutions > resolutions:
                return "passed"
            if rule and rule.rung and not with_ack:
                if self.rung_answered.get((rule.level, rule.rung + 1), -1) >= began:
                    return "passed"
            return None

        for who in self.chain(name):
            tried.append(who)
            if ended():
                break
            before, self.paged[who] = self.paged.get(who), self.now
            started, reached = self.now, False
            for way in self.contacts[who]["ways"]:
                if ended():
                    break
                if not (free and who == name) and self.is_capped(who, way):
                    self.note("capped", who, way)
                    continue
                self.sent.setdefault((who, way), []).append(self.now)
                if not self.reaches(who, way):
                    self.note("failed", who, way)
                    yield RESULT
                    self.sent[who, way].remove(self.now)
                    continue
                self.note("paged", who, way)
                self.reacts(who)
                reached = True
                until = self.now + self.contacts[who]["within"]
                while not ended() and not self.has_come(until, self.current):
                    yield until
            if not reached and self.paged[who] == started:
                self.paged[who] = before if before is not None else -1e9
            if ended():
                break
        if ended() == "answered" and rule and rule.rung:
            self.rung_answered[rule.level, rule.rung] = self.now
            self.changes += 1
        return not ended()

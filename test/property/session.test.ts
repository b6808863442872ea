import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryStore } from "../../src/store/memory/memory-store.ts";
import type { SessionDraft } from "../../src/store/session.ts";
import type { Lease, LeaseOwner } from "../../src/store/store.ts";

// Invariant 11: the turns of a session have no gaps, and each message has one reply, whoever sends what, in whatever order,
// and however often a sender dies in the middle and comes back.

const owner: LeaseOwner = { host: "h", pid: 1, processStart: null, renewedAt: 0 };

/** One thing that happens: `who` looks for the turn of its message, ends it, gives it up, or dies and comes back. */
const event = fc.record({
  who: fc.nat({ max: 5 }),
  what: fc.constantFrom(
    "take" as const,
    "take" as const,
    "end" as const,
    "end" as const,
    "drop" as const,
    "crash" as const,
  ),
});

test("turns without gaps, one reply a message", () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 120 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.nat({ max: 2 }), { minLength: 6, maxLength: 6 }),
      (events, pool, runOf) => {
        let now = 0;
        const store = createMemoryStore({
          clock: { now: () => (now += 1), monotonic: () => now, after: () => () => {} },
        });
        const { sessions } = store;
        const desk: SessionDraft = {
          id: "project/desk/desk",
          name: "desk",
          workflow: "desk",
          manifestPath: "desk.yaml",
          agent: "a",
          scope: "project",
          runId: null,
          pool,
          idleMs: null,
        };
        const leases: Lease[] = [0, 1, 2].map((run) =>
          store.createRun(
            {
              runId: `R${run}`,
              workflow: "w",
              workflowVersion: null,
              manifestPath: "w.yaml",
              startedAt: 0,
              frozen: {},
            },
            owner,
          ),
        );
        const replies = new Map<string, string>();
        const leaseOf = (who: number): Lease => leases[runOf[who] as number] as Lease;
        const put = (who: number): void => {
          const text = { inline: `m${who}` };
          sessions.put(leaseOf(who), desk, { id: `m${who}`, from: `R m${who}`, within: null, origin: null, text });
        };
        const take = (who: number) => {
          put(who);
          return sessions.take(leaseOf(who), `m${who}`, () => false);
        };
        const end = (who: number): void => {
          if (take(who).kind !== "taken") return;
          const text = `reply ${who} at ${now}`;
          const turn = sessions.answer(leaseOf(who), `m${who}`, {
            said: { inline: [] },
            reply: { inline: text },
            model: null,
          });
          expect(turn).not.toBeNull();
          // Nobody was answered twice.
          expect(replies.has(`m${who}`)).toBe(false);
          replies.set(`m${who}`, text);
        };
        const crash = (who: number): void => {
          const run = runOf[who] as number;
          const taken = store.acquireLease(`R${run}`, owner, () => true);
          if (taken.ok) leases[run] = taken.lease;
        };
        for (const { who, what } of events) {
          if (what === "take") take(who);
          else if (what === "end") end(who);
          else if (what === "crash") crash(who);
          else sessions.withdraw(leaseOf(who), `m${who}`);
          // Never more in a turn than there are conversations, and no conversation in two.
          const alive = sessions
            .waiting(desk.id)
            .filter(
              ({ state, sender }) =>
                state === "taken" && leases.some((one) => one.runId === sender.runId && one.epoch === sender.epoch),
            );
          const members = alive.map(({ member }) => member);
          expect(new Set(members).size).toBe(members.length);
          expect(members.every((member) => member !== null && member <= pool)).toBe(true);
        }
        // In the end everybody gets an answer: nobody is stuck behind who died.
        for (let round = 0; round < 7; round += 1) for (let who = 0; who < 6; who += 1) end(who);
        expect([...replies.keys()].sort()).toEqual(["m0", "m1", "m2", "m3", "m4", "m5"]);
        const all = Array.from({ length: pool }, (_, index) => sessions.turns(desk.id, index + 1));
        for (const turns of all) expect(turns.map(({ n }) => n)).toEqual(turns.map((_, index) => index + 1));
        const answered = all.flat().map(({ message, reply }) => [message, "inline" in reply ? reply.inline : null]);
        expect(Object.fromEntries(answered)).toEqual(Object.fromEntries(replies));
        expect(answered).toHaveLength(6);
        for (const [id, text] of replies) {
          const who = Number(id.slice(1));
          const again = take(who);
          expect(again).toMatchObject({ kind: "answered", turn: { reply: { inline: text } } });
        }
      },
    ),
    { numRuns: 200 },
  );
});

import type { SchedulerEvent } from "./event.ts";
import type { Machine } from "./machine.ts";
import type { GuestState } from "./state.ts";

/*
 * A guest is an attempt that another attempt has started: it is no unit of a step, decides nothing, and always ends
 * before who started it. All that the scheduler knows of it is its slot. Its number is below 0, so that it is nobody
 * else's.
 *
 *   joined -> ready -slot-> running -blocked-> blocked -unblocked-> ready
 *                              '-left-> forgotten
 */

/** Whether a number is that of a guest. */
export function isGuest(unit: number): boolean {
  return unit < 0;
}

/** What is told of a guest. Answers that come late or twice change nothing. */
export function answerGuest(m: Machine, event: Extract<SchedulerEvent, { readonly unit: number }>): void {
  const { guests } = m.state;
  const { unit: id, serial } = event;
  const guest = guests.get(id);
  if (event.type === "joined") {
    if (guest === undefined) wait(m, { id, serial, phase: "blocked" });
    return;
  }
  if (guest === undefined || guest.serial !== serial) return;
  switch (event.type) {
    case "blocked":
      free(m, guest);
      guest.phase = "blocked";
      return;
    case "unblocked":
      if (guest.phase === "blocked") wait(m, guest);
      return;
    case "left":
      free(m, guest);
      guests.delete(id);
      return;
    default:
  }
}

/** Gives a guest that waits its slot; false when it does not wait any more. */
export function admitGuest(m: Machine, id: number): boolean {
  const guest = m.state.guests.get(id);
  if (guest?.phase !== "ready") return false;
  guest.phase = "running";
  m.state.heldSlots += 1;
  m.commands.push({ type: "continue", unit: id, serial: guest.serial });
  return true;
}

/** What was begun goes on before anything new: it waits where those wait that go on. */
function wait(m: Machine, guest: GuestState): void {
  guest.phase = "ready";
  m.state.guests.set(guest.id, guest);
  m.state.resumable.push(guest.id);
}

function free(m: Machine, guest: GuestState): void {
  if (guest.phase === "running") m.state.heldSlots -= 1;
}

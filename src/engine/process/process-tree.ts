import { kill } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { environmentHolds, readProcess, readProcessTable, type ProcessEntry } from "./process-table.ts";

/** How often the tree is looked at while it is being stopped. */
const POLL_MS = 20;

/** For how long SIGKILL is repeated; it works at once, but a tree that forks all the time can be ahead by a few. */
const KILL_FOR_MS = 2000;

/**
 * A program that leads a process group of its own, and everything that came of it. Members are: the group; on Linux
 * also the children of members, and every process that inherited the mark in its environment, so that one which left
 * the group by `setsid` is found even when its parent is gone. What escapes: a process that left the group and has
 * either (off Linux) no /proc to be found in, or dropped its environment before its parent ended.
 */
export class ProcessTree {
  readonly #leaderPid: number;
  /** null = there is no /proc. */
  readonly #leaderStartTicks: number | null;
  readonly #mark: string;
  /** Start by pid: members once are members for good. */
  readonly #members = new Map<number, number>();
  #stopping: Promise<void> | null = null;

  /**
   * `mark` is a text in the leader's environment that no other tree has. To be called in the same turn of the event
   * loop as the leader's start, so that it is at worst a zombie.
   */
  constructor(leaderPid: number, mark: string) {
    this.#leaderPid = leaderPid;
    this.#leaderStartTicks = readProcess(leaderPid)?.startTicks ?? null;
    this.#mark = mark;
  }

  /**
   * Ends all members: SIGTERM, and SIGKILL for those that are left after `graceMs`. Resolves when none is alive, or
   * after two seconds of SIGKILL in vain (a process that hangs in the kernel). A second call joins the first.
   */
  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  /** Whether a process of the leader's group is left. */
  groupLives(): boolean {
    return sendSignal(-this.#leaderPid, 0);
  }

  async #stop(graceMs: number): Promise<void> {
    this.#signal("SIGTERM");
    if (await this.#goneWithin(graceMs)) return;
    const giveUpAtMs = performance.now() + KILL_FOR_MS;
    do this.#signal("SIGKILL");
    while (!(await this.#goneWithin(POLL_MS)) && performance.now() < giveUpAtMs);
  }

  async #goneWithin(waitMs: number): Promise<boolean> {
    const untilMs = performance.now() + waitMs;
    while (this.#isAlive()) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) return false;
      await delay(Math.min(POLL_MS, leftMs));
    }
    return true;
  }

  #isAlive(): boolean {
    // Without /proc, only the group can be asked; on Linux the table knows zombies from the living.
    return this.#leaderStartTicks === null ? sendSignal(-this.#leaderPid, 0) : this.#findMembers().length > 0;
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    // Found before the first signal: when a parent dies, its children lose their link to the tree.
    const outsiders = this.#findMembers().filter((entry) => entry.groupId !== this.#leaderPid);
    sendSignal(-this.#leaderPid, signal);
    for (const { pid } of outsiders) sendSignal(pid, signal);
  }

  #findMembers(): readonly ProcessEntry[] {
    const oldestTicks = this.#leaderStartTicks;
    if (oldestTicks === null) return [];
    const table = readProcessTable().filter((entry) => entry.isAlive && entry.startTicks >= oldestTicks);
    const childrenOf = Map.groupBy(table, (entry) => entry.parentPid);
    const found = new Set(table.filter((entry) => this.#isMember(entry)));
    for (const parent of found) {
      // A set that grows while it is walked: children of children are reached too.
      for (const child of childrenOf.get(parent.pid) ?? []) found.add(child);
    }
    for (const { pid, startTicks } of found) this.#members.set(pid, startTicks);
    return [...found];
  }

  #isMember({ pid, groupId, startTicks }: ProcessEntry): boolean {
    return groupId === this.#leaderPid || this.#members.get(pid) === startTicks || environmentHolds(pid, this.#mark);
  }
}

/** Sends a signal (0 only asks); false when there is nobody to receive it. */
export function sendSignal(pid: number, signal: "SIGTERM" | "SIGKILL" | 0): boolean {
  try {
    return kill(pid, signal);
  } catch {
    return false; // ended meanwhile, or it changed its user
  }
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostKey, isPrivateHost, isWithin } from "../../../src/plan/host-pattern.ts";
import {
  grantOf,
  narrowed,
  refusalOf,
  uncapped,
  type Access,
  type Permissions,
} from "../../../src/plan/permissions.ts";

const cap = (more: Partial<Permissions>): Permissions => ({
  files: "none",
  network: [],
  shell: "none",
  state: "none",
  ...more,
});

describe("patterns of hosts", () => {
  it.each([
    ["a.example.com", "*.example.com", true],
    ["a.b.example.com", "*.example.com", true],
    ["example.com", "*.example.com", false],
    ["notexample.com", "*.example.com", false],
    ["*.b.example.com", "*.example.com", true],
    ["*.com", "*.example.com", false],
    ["*", "*.example.com", false],
    ["*.example.com", "*", true],
    [hostKey("API.Example.com."), "api.example.com", true],
    [hostKey("[::1]"), "::1", true],
  ])("%s within %s: %s", (inner, outer, expected) => {
    expect(isWithin(inner, outer)).toBe(expected);
  });

  it.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
  ])("%s is no public address", (address) => {
    expect([isPrivateHost(address), isPrivateHost(`::ffff:${address}`), isPrivateHost(`64:ff9b::${address}`)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it.each([
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fdff::1",
    "ff02::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "localhost",
    "a.localhost",
    "not:an:address",
  ])("%s is none either", (address) => {
    expect(isPrivateHost(address)).toBe(true);
  });

  it.each([
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "example.com",
    "localhost.example.com",
  ])("%s is public as far as it tells", (address) => {
    expect(isPrivateHost(address)).toBe(false);
  });
});

describe("what a cap allows", () => {
  it("is nothing that it does not name, and without one all but private addresses", () => {
    const all: Access[] = [
      { kind: "host", host: "example.com", isPrivate: false },
      { kind: "program", program: "git" },
      { kind: "script" },
      { kind: "files", mode: "read" },
      { kind: "state", mode: "write" },
      { kind: "session", session: "desk" },
    ];
    expect(all.map((access) => refusalOf(grantOf(cap({})), access)).every((reason) => reason !== null)).toBe(true);
    expect(all.map((access) => refusalOf(uncapped, access))).toEqual([null, null, null, null, null, null]);
    expect(refusalOf(uncapped, { kind: "host", host: "localhost", isPrivate: true })).not.toBeNull();
  });

  it("is a private address only where that itself is named", () => {
    const to = (network: readonly string[]) =>
      refusalOf(grantOf(cap({ network })), { kind: "host", host: "db.internal", isPrivate: true });
    expect([to(["*"]), to(["*.internal"]), to(["db.internal"])].map((reason) => reason === null)).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("is for a workflow that another uses what both allow; neither can give the other a private address", () => {
    const both = (outer: Partial<Permissions> | null, inner: Partial<Permissions>) =>
      narrowed(grantOf(outer === null ? null : cap(outer)), grantOf(cap(inner)));
    expect(
      both(
        {
          files: "read",
          network: ["*.example.com", "localhost"],
          shell: ["git", "npm"],
          state: "write",
          sessions: ["a", "b"],
        },
        {
          files: "write",
          network: ["a.example.com", "*.com", "localhost"],
          shell: ["npm", "rm"],
          state: "read",
          sessions: ["b"],
        },
      ),
    ).toEqual({
      files: "read",
      network: [
        { host: "a.example.com", isPrivate: false },
        { host: "*.example.com", isPrivate: false },
        { host: "localhost", isPrivate: true },
      ],
      shell: ["npm"],
      state: "read",
      sessions: ["b"],
    });
    expect([both({}, { sessions: ["a"] }).sessions, both(null, { sessions: ["a"] }).sessions]).toEqual([[], ["a"]]);
    expect(both(null, { network: ["localhost"] }).network).toEqual([{ host: "localhost", isPrivate: false }]);
    expect(both({ network: ["localhost"] }, { network: ["*"] }).network).toEqual([
      { host: "localhost", isPrivate: false },
    ]);
    expect(both(null, { shell: "any" }).shell).toBe("any");
    expect(both({ shell: "none" }, { shell: ["git"] }).shell).toBe("none");
  });

  it("never grows on the way down", () => {
    const level = fc.constantFrom("none" as const, "read" as const, "write" as const);
    const hosts = ["*", "*.com", "*.a.com", "a.com", "b.a.com", "localhost"];
    const programs = ["git", "npm"];
    const caps = fc.record({
      files: level,
      state: level,
      network: fc.subarray(hosts),
      shell: fc.oneof(fc.constantFrom("none" as const, "any" as const), fc.subarray(programs)),
    });
    const accesses: fc.Arbitrary<Access> = fc.oneof(
      fc.record({
        kind: fc.constant("host" as const),
        host: fc.constantFrom("a.com", "b.a.com", "c.b.a.com", "x.org", "localhost"),
        isPrivate: fc.boolean(),
      }),
      fc.record({ kind: fc.constant("program" as const), program: fc.constantFrom(...programs, "rm") }),
      fc.constant({ kind: "script" as const }),
      fc.record({
        kind: fc.constantFrom("files" as const, "state" as const),
        mode: fc.constantFrom("read" as const, "write" as const),
      }),
    );
    fc.assert(
      fc.property(caps, caps, accesses, (outer, inner, access) => {
        const allows = (permissions: Permissions) => refusalOf(grantOf(permissions), access) === null;
        const together = refusalOf(narrowed(grantOf(outer), grantOf(inner)), access) === null;
        expect(together).toBe(allows(outer) && allows(inner));
      }),
    );
  });
});

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Resolve } from "../../../src/network/resolve.ts";
import { webRequest, type WebRequest } from "../../../src/network/web-request.ts";
import { grantOf, refusalOf } from "../../../src/plan/permissions.ts";
import { WebServer } from "../../rig/web-server.ts";

let one: WebServer;
let other: WebServer;

beforeEach(async () => {
  [one, other] = [await WebServer.start(), await WebServer.start()];
});

afterEach(async () => {
  await one.close();
  await other.close();
});

const SECRET = {
  authorization: "Bearer x",
  "x-api-key": "y",
  cookie: "z",
  accept: "a/b",
  "content-type": "text/plain",
};

/** Names lead where the test says; these hosts are allowed. */
function ask(
  request: Partial<WebRequest> & { readonly url: URL },
  {
    hosts = ["127.0.0.1"],
    names = {},
    wanted = [],
    longestBody = 1000,
    signal = new AbortController().signal,
  }: {
    hosts?: readonly string[];
    names?: { readonly [name: string]: readonly string[] };
    wanted?: readonly number[];
    longestBody?: number;
    signal?: AbortSignal;
  } = {},
) {
  const grant = grantOf({ files: "none", network: hosts, shell: "none", state: "none" });
  const asked: string[] = [];
  const resolve: Resolve = async (host) => {
    asked.push(host);
    return (names[host] ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  };
  const guard = (host: string, isPrivate: boolean) => refusalOf(grant, { kind: "host", host, isPrivate });
  const whole = { method: "GET", headers: SECRET, body: null, ...request };
  return { asked, answer: webRequest(whole, { guard, resolve, signal, longestBody, wanted }) };
}

const redirect = (status: number, location: string) => one.reply(status, "", { location });

describe("a request to a server that nobody vouches for", () => {
  it("looks a name up once and connects to that address and no other", async () => {
    one.reply(200, "here");
    const { asked, answer } = ask(
      { url: new URL(`http://one.test:${one.port}/`) },
      { hosts: ["one.test"], names: { "one.test": ["127.0.0.1"] } },
    );
    expect(await answer).toMatchObject({ ok: true, value: { status: 200, body: Buffer.from("here") } });
    expect(asked).toEqual(["one.test"]);
    expect(one.exchanges[0]?.headers.host).toBe(`one.test:${one.port}`);
  });

  it.each([
    ["a name that leads to this machine", ["127.0.0.1"]],
    ["one of whose addresses is private", ["93.184.216.34", "10.0.0.1"]],
    ["the metadata service", ["169.254.169.254"]],
    ["this machine in IPv6", ["::1"]],
    ["a mapped address", ["::ffff:192.168.0.1"]],
    ["a translated address", ["64:ff9b::7f00:1"]],
  ])("refuses %s where a wildcard allows the name", async (_, addresses) => {
    const { answer } = ask(
      { url: new URL(`http://evil.test:${one.port}/`) },
      { hosts: ["*.test"], names: { "evil.test": addresses } },
    );
    expect(await answer).toMatchObject({ ok: false, error: { class: "refused", code: "permission_denied" } });
    expect(one.exchanges).toEqual([]);
  });

  it("refuses a name before it is looked up", async () => {
    const { asked, answer } = ask({ url: new URL("http://other.test/") }, { hosts: ["*.example.com"] });
    expect(await answer).toMatchObject({ ok: false, error: { code: "permission_denied" } });
    expect(asked).toEqual([]);
  });

  it("checks the target of a redirect like the first address", async () => {
    redirect(302, "http://169.254.169.254/latest/meta-data");
    expect(await ask({ url: new URL(`${one.origin()}/`) }).answer).toMatchObject({
      ok: false,
      error: { code: "permission_denied", message: expect.stringContaining("169.254.169.254") as string },
    });
  });

  it("sends no header that could be a secret, and no body, to another origin", async () => {
    redirect(307, `${other.origin()}/there`);
    other.reply(200, "there");
    expect(await ask({ url: new URL(`${one.origin()}/`) }).answer).toMatchObject({ ok: true });
    const { host: _host, connection: _connection, ...headers } = other.exchanges[0]?.headers ?? {};
    expect(headers).toEqual({ accept: "a/b" });

    const post = { method: "POST", body: "data", url: new URL(`${one.origin()}/`) };
    expect(await ask(post).answer).toMatchObject({ ok: false, error: { class: "refused", code: "redirect_refused" } });
    expect(other.exchanges).toHaveLength(1);
  });

  it("stays itself on the way through one origin; after 303 it is a GET without a body", async () => {
    one.onRequest(({ url, response }) => {
      const status = url === "/a" ? 307 : url === "/b" ? 303 : 200;
      response.writeHead(status, status === 200 ? {} : { location: url === "/a" ? "/b" : "/c" });
      response.end();
    });
    expect(await ask({ method: "POST", body: "data", url: new URL(`${one.origin()}/a`) }).answer).toMatchObject({
      ok: true,
    });
    expect(one.exchanges.map(({ method, url, body, headers }) => [method, url, body, headers.authorization])).toEqual([
      ["POST", "/a", "data", "Bearer x"],
      ["POST", "/b", "data", "Bearer x"],
      ["GET", "/c", "", "Bearer x"],
    ]);
  });

  it.each([
    ["endless redirects", "/", "invalid", "too_many_redirects"],
    ["another scheme", "file:///etc/passwd", "refused", "redirect_refused"],
    ["no address", "http://[", "refused", "redirect_refused"],
  ])("gives up at %s", async (_, location, failureClass, code) => {
    redirect(301, location);
    const url = new URL(`${one.origin()}/`);
    expect(await ask({ url }).answer).toMatchObject({ ok: false, error: { class: failureClass, code } });
  });

  it("takes a redirect for an answer where that is wanted", async () => {
    redirect(302, "http://elsewhere.test/");
    const { answer } = ask({ url: new URL(`${one.origin()}/`) }, { wanted: [302] });
    expect(await answer).toMatchObject({ ok: true, value: { status: 302 } });
  });

  it("reads no longer body than it may, and tells of one that breaks off", async () => {
    one.reply(200, "x".repeat(1001));
    const url = new URL(`${one.origin()}/`);
    expect(await ask({ url }).answer).toMatchObject({
      ok: false,
      error: { class: "output", code: "output_too_large" },
    });
    one.onRequest(({ response }) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.destroy());
    });
    expect(await ask({ url }).answer).toMatchObject({ ok: false, error: { class: "network" } });
  });

  it("ends when it is told to, also while a name is looked up", async () => {
    const controller = new AbortController();
    const seen = one.nextRequest();
    const { answer } = ask({ url: new URL(`${one.origin()}/`) }, { signal: controller.signal });
    await seen;
    controller.abort();
    expect(await answer).toMatchObject({ ok: false, error: { class: "cancelled" } });

    const never = webRequest(
      { method: "GET", url: new URL("http://slow.test/"), headers: {}, body: null },
      {
        guard: () => null,
        resolve: () => new Promise(() => {}),
        signal: AbortSignal.abort(),
        longestBody: 1,
        wanted: [],
      },
    );
    expect(await never).toMatchObject({ ok: false, error: { class: "cancelled" } });
  });

  it("names hosts in its failures, never a path or a query", async () => {
    const port = one.port;
    await one.close();
    const answer = await ask({ url: new URL(`http://127.0.0.1:${port}/secret-path?token=abc`) }).answer;
    one = await WebServer.start();
    expect(answer).toMatchObject({ ok: false, error: { class: "network", code: "econnrefused" } });
    expect(JSON.stringify(answer)).not.toMatch(/secret-path|token/);
  });
});

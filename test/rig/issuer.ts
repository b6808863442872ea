import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { WebServer } from "./web-server.ts";

type Claims = { readonly [name: string]: unknown };
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

/** How a token differs from a good one. */
export interface TokenShape {
  readonly claims?: Claims;
  /** Names the key in the header; default: the published one. */
  readonly kid?: string;
  /** Signed with a key that the issuer never published. */
  readonly isForged?: boolean;
}

/** An issuer of identity tokens on 127.0.0.1: its keys, its configuration, and jobs that ask for a token as in GitHub Actions. */
export class Issuer {
  readonly server: WebServer;
  readonly #keys: Keys;
  readonly #others: Keys;
  /** What the next job that asks for a token gets. */
  claims: Claims = {};

  private constructor(server: WebServer, keys: Keys, others: Keys) {
    this.server = server;
    this.#keys = keys;
    this.#others = others;
  }

  static async start(): Promise<Issuer> {
    const [server, keys, others] = await Promise.all([
      WebServer.start(),
      generateKeyPair("RS256", { extractable: true }),
      generateKeyPair("RS256", { extractable: true }),
    ]);
    const issuer = new Issuer(server, keys, others);
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256", use: "sig" };
    server.onRequest(({ url, headers, response }) => {
      const { pathname, searchParams } = new URL(url, issuer.url);
      const send = (body: unknown) =>
        void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
      if (pathname === "/.well-known/openid-configuration")
        return send({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` });
      if (pathname === "/keys") return send({ keys: [jwk] });
      if (pathname === "/job" && headers.authorization === "bearer job-token-0123456789")
        return void issuer
          .token({ claims: { ...issuer.claims, aud: searchParams.get("audience") ?? "" } })
          .then((value) => send({ value }));
      response.writeHead(404).end();
    });
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}`;
  }

  /** What a runner of GitHub Actions gives a job with `id-token: write`. */
  get jobEnv(): { readonly [name: string]: string } {
    return {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${this.url}/job?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job-token-0123456789",
    };
  }

  /** A token; good, but for what the shape says. A claim of `undefined` is left out. */
  async token({ claims = {}, kid = "k1", isForged = false }: TokenShape = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload: { [name: string]: unknown } = {
      iss: this.url,
      aud: "muster",
      sub: "repo:acme/site:ref:refs/heads/main",
      repository: "acme/site",
      actor: "octocat",
      run_attempt: "1",
      iat: now,
      nbf: now - 10,
      exp: now + 300,
      ...claims,
    };
    for (const [name, value] of Object.entries(payload)) if (value === undefined) delete payload[name];
    return await new SignJWT(payload)
      .setProtectedHeader({ alg: "RS256", kid })
      .sign(isForged ? this.#others.privateKey : this.#keys.privateKey);
  }

  /** The public key as text: what somebody may try as a shared secret. */
  async publicText(): Promise<string> {
    return JSON.stringify(await exportJWK(this.#keys.publicKey));
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

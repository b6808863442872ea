import type { SecretFinder } from "../../run/redact.ts";
import type { Watcher } from "./content-folder.ts";

/** A file that is to be kept holds a secret. */
export class SecretFound extends Error {
  override readonly name = "SecretFound";
  readonly secret: string;
  constructor(secret: string) {
    super(`it holds the secret ${secret}`);
    this.secret = secret;
  }
}

/** Refuses content with a secret in it, also where two pieces of it meet. */
export function watchForSecrets(finder: SecretFinder): Watcher {
  let rest = "";
  return {
    see(chunk) {
      // Bytes as characters: a secret is found whatever is around it.
      const text = rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
      const secret = finder.findInBytes(text);
      if (secret !== null) throw new SecretFound(secret);
      rest = finder.longest > 1 ? text.slice(-(finder.longest - 1)) : "";
    },
  };
}

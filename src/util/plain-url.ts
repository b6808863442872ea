import { err, ok, type Result } from "./result.ts";

/** A URL that may be asked for what is trusted: `https:`, or `http:` on this machine. The error is a sentence. */
export function plainUrl(text: string): Result<URL, string> {
  if (!URL.canParse(text)) return err(`${text} is no URL`);
  const url = new URL(text);
  const isHere = url.protocol === "http:" && ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url.protocol !== "https:" && !isHere) return err(`${text} does not start with https://`);
  return url.username === "" && url.password === "" ? ok(url) : err(`${url.origin} takes no user and password`);
}

/** A host or pattern in one spelling: lower case, without the brackets of IPv6 and a dot at its end. */
export function hostKey(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/(?<=.)\.$/, "");
}

/** True when every host of `inner` (a host, `*.domain` or `*`) is one of `outer`. Both are in one spelling. */
export function isWithin(inner: string, outer: string): boolean {
  if (outer === "*" || inner === outer) return true;
  if (!outer.startsWith("*.")) return false;
  const domain = outer.slice(1);
  return (inner.startsWith("*") ? inner.slice(1) : inner).endsWith(domain) && inner.length > domain.length;
}

/**
 * True for an address of this machine, of a private network, or one that no public server can have (IANA's registries
 * of special-purpose addresses), and for `localhost` names. Any other name is not known before it is looked up: false.
 */
export function isPrivateHost(host: string): boolean {
  const key = hostKey(host);
  if (key === "localhost" || key.endsWith(".localhost")) return true;
  if (key.includes(":")) return isPrivateV6(key);
  return /^\d+\.\d+\.\d+\.\d+$/.test(key) && isPrivateV4(bytesOf(key));
}

/** Network and length of its prefix. */
const privateV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

function isPrivateV4(address: readonly number[]): boolean {
  return privateV4.some(
    ([network, length]) => number(address) >>> (32 - length) === number(bytesOf(network)) >>> (32 - length),
  );
}

function bytesOf(dotted: string): readonly number[] {
  return dotted.split(".").map(Number);
}

function number(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0) >>> 0;
}

function isPrivateV6(text: string): boolean {
  const words = wordsOf(text);
  // What cannot be read is nothing to connect to.
  if (words === null) return true;
  const [first = 0, second = 0] = words;
  const last = words.slice(6).flatMap((word) => [word >> 8, word & 255]);
  const isEmpty = (from: number, to: number): boolean => words.slice(from, to).every((word) => word === 0);
  // IPv4 inside of IPv6: mapped, translated (64:ff9b::/96), or the old compatible form with :: and ::1 in it.
  if (isEmpty(0, 5) && (words[5] === 0xffff || words[5] === 0)) return words[5] === 0 || isPrivateV4(last);
  if (first === 0x64 && second === 0xff9b) return !isEmpty(2, 6) || isPrivateV4(last);
  // Unique local, link-local, site-local, multicast, discard, documentation, Teredo and 6to4.
  return (
    (first & 0xfe00) === 0xfc00 ||
    (first & 0xffc0) === 0xfe80 ||
    (first & 0xffc0) === 0xfec0 ||
    (first & 0xff00) === 0xff00 ||
    first === 0x100 ||
    (first === 0x2001 && (second === 0xdb8 || second < 0x200)) ||
    first === 0x2002 ||
    first === 0x3fff
  );
}

/** The eight words of an IPv6 address; null when it is none. A zone (`%eth0`) is left aside. */
function wordsOf(text: string): readonly number[] | null {
  const plain = text.replace(/%.*$/, "").replace(/\d+\.\d+\.\d+\.\d+$/, (dotted) => {
    const value = number(bytesOf(dotted));
    return `${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
  });
  const [head = "", tail, ...rest] = plain.split("::");
  const parts = (side: string): string[] => (side === "" ? [] : side.split(":"));
  const [before, after] = [parts(head), parts(tail ?? "")];
  const missing = 8 - before.length - after.length;
  if (rest.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return null;
  const words = [...before, ...Array<string>(Math.max(0, missing)).fill("0"), ...after];
  return words.every((word) => /^[0-9a-f]{1,4}$/.test(word)) ? words.map((word) => Number.parseInt(word, 16)) : null;
}

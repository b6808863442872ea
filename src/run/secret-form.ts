/**
 * Every way of writing a secret that redaction looks for: as it is, and as base64 (at any position of a longer text,
 * both alphabets), hex, URL-encoded (the usual encoders, once and twice) and escaped in JSON (the usual encoders,
 * once and twice). Not covered: base64 with line breaks inside, other ciphers, a value that is cut in pieces.
 */
export function secretForms(secret: string): ReadonlySet<string> {
  const forms = new Set<string>();
  // A value that was read from a file often ends in a line break that its users strip.
  for (const value of [secret, secret.trim()]) {
    const bytes = Buffer.from(value, "utf8");
    const hex = bytes.toString("hex");
    for (const form of [
      value,
      hex,
      hex.toUpperCase(),
      ...base64Forms(bytes),
      ...urlForms(value),
      ...jsonForms(value),
    ]) {
      forms.add(form);
    }
  }
  return forms;
}

/**
 * Base64 packs three bytes into four digits, so the digits depend on where in its group the secret starts.
 * Kept for each of the three places: the digits that the secret alone decides; and the whole, padded and not.
 */
function base64Forms(bytes: Buffer): string[] {
  const digits = [0, 1, 2].map((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    return shifted.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  const padded = bytes.toString("base64");
  const standard = [padded, padded.replaceAll("=", ""), ...digits];
  return [...standard, ...standard.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))];
}

/** The characters that well-known encoders leave as they are, beside letters and digits. */
const urlSafe = [
  "-_.~", // RFC 3986; Go, Python, curl
  "-_.!~*'()", // encodeURIComponent
  "-_.*", // HTML forms, URLSearchParams
  "-_.~/", // Python's quote
  "-_.!~*'();/?:@&=+$,#", // encodeURI
];

function urlForms(value: string): string[] {
  return urlSafe.flatMap((safe) => {
    const upper = percentEncode(value, safe);
    const spaced = upper.replaceAll("%20", "+");
    const once = [upper, spaced, lowerHex(upper), lowerHex(spaced)];
    return [...once, ...once.map((form) => form.replaceAll("%", "%25"))];
  });
}

function percentEncode(value: string, safe: string): string {
  let text = "";
  for (const byte of Buffer.from(value, "utf8")) {
    const character = String.fromCharCode(byte);
    const keep = /[A-Za-z0-9]/.test(character) || safe.includes(character);
    text += keep ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

function lowerHex(encoded: string): string {
  return encoded.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
}

function jsonForms(value: string): string[] {
  const plain = jsonEscape(value);
  const ascii = unicodeEscape(plain, /[^ -~]/g); // Python
  const html = unicodeEscape(plain, /[<>&\u2028\u2029]/g); // Go
  const slashed = [plain, ascii].map((form) => form.replaceAll("/", "\\/")); // PHP
  const once = [plain, ascii, html, ...slashed];
  return [...once, ...once.map(jsonEscape)];
}

/** The text as it stands between the quotes of a JSON string. */
function jsonEscape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function unicodeEscape(text: string, which: RegExp): string {
  return text.replace(which, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

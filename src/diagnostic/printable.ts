/**
 * Text of a file made safe for a terminal, one UTF-16 unit for one: control characters become their pictures
 * (`\x1b` is `␛`), tabs one space, characters that turn the direction of writing and lone surrogates `�`.
 */
export function printable(text: string): string {
  return text.replace(unsafe, (char) => {
    const code = char.charCodeAt(0);
    if (char === "\t") return " ";
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\uFFFD";
  });
}

const unsafe =
  // oxlint-disable-next-line no-control-regex -- these are the characters that must not pass
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** How many columns of a terminal a printable text takes: 2 for wide characters, 0 for those that join the one before. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += widthOf(char);
  return width;
}

function widthOf(char: string): number {
  if (/^(?:\p{Mn}|\p{Me}|[\u200b-\u200d])/u.test(char)) return 0;
  return wide.test(char) ? 2 : 1;
}

/** East Asian wide and full-width letters, and emoji (Unicode TR 11, the ranges that occur in practice). */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}|^[\u{20000}-\u{3fffd}]/u;

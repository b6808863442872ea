/** True for what may stand in a header of HTTP: printable letters of Latin 1, spaces and tabs, no line ends. */
export function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

/** Turns the lines (from 1) and columns (from 0) of a source into offsets. Lines end as the Handlebars lexer ends them. */
export function placesOf(source: string): { readonly offsetOf: (line: number, column: number) => number } {
  const starts = [0];
  for (const { 0: end, index } of source.matchAll(/\r\n?|\n/g)) starts.push(index + end.length);
  return {
    offsetOf: (line, column) => Math.min(source.length, (starts[line - 1] ?? source.length) + column),
  };
}

/** Tests of one file, or steps of one run, for a JUnit report. */
export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
  /** When it began; milliseconds since 1970. Left out where it does not matter. */
  readonly at?: number;
  readonly properties?: readonly (readonly [name: string, value: string])[];
}

export interface JunitCase {
  readonly name: string;
  readonly className: string;
  readonly file?: string;
  readonly line?: number;
  readonly durationMs: number;
  /** null = passed. */
  readonly end:
    | null
    | { readonly kind: "failure"; readonly type: string; readonly message: string; readonly text: string }
    | { readonly kind: "skipped"; readonly message: string };
}

/** The suites as JUnit XML, in the form that CI systems read. */
export function junitXml(suites: readonly JunitSuite[]): string {
  const all = suites.flatMap(({ cases }) => cases);
  const body = suites.map(suiteXml).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="muster" ${counts(all)}>\n${body}</testsuites>\n`;
}

function suiteXml({ name, cases, at, properties = [] }: JunitSuite): string {
  const timestamp = at === undefined ? "" : ` timestamp="${new Date(at).toISOString().slice(0, 19)}"`;
  const known = properties.map(
    ([key, value]) => `      <property name="${escaped(key)}" value="${escaped(value)}"/>\n`,
  );
  const inner = known.length === 0 ? "" : `    <properties>\n${known.join("")}    </properties>\n`;
  return `  <testsuite name="${escaped(name)}" ${counts(cases)}${timestamp}>\n${inner}${cases.map(caseXml).join("")}  </testsuite>\n`;
}

function caseXml({ name, className, file, line, durationMs, end }: JunitCase): string {
  const where = `${file === undefined ? "" : ` file="${escaped(file)}"`}${line === undefined ? "" : ` line="${line}"`}`;
  const open = `    <testcase name="${escaped(name)}" classname="${escaped(className)}"${where} time="${seconds(durationMs)}"`;
  if (end === null) return `${open}/>\n`;
  if (end.kind === "skipped") return `${open}>\n      <skipped message="${escaped(end.message)}"/>\n    </testcase>\n`;
  const failure = `<failure type="${escaped(end.type)}" message="${escaped(end.message)}">${escaped(end.text)}</failure>`;
  return `${open}>\n      ${failure}\n    </testcase>\n`;
}

function counts(cases: readonly JunitCase[]): string {
  const of = (kind: string): number => cases.filter(({ end }) => end?.kind === kind).length;
  const time = seconds(cases.reduce((sum, { durationMs }) => sum + durationMs, 0));
  return `tests="${cases.length}" failures="${of("failure")}" errors="0" skipped="${of("skipped")}" time="${time}"`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** What XML 1.0 has no way to write: most control characters, lone surrogates, two that are none. */
const UNWRITABLE =
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const names: { readonly [sign: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

/** A text for an attribute or between tags. */
function escaped(text: string): string {
  return text.replace(UNWRITABLE, "\ufffd").replace(/[&<>"\n\r\t]/g, (sign) => names[sign] ?? sign);
}

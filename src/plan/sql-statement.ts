/** The databases that a connection can lead to. */
export type SqlDialect = "sqlite" | "postgres";

/** What can be told of a statement from its text alone. */
export interface SqlStatement {
  /** Its first word, in capitals; empty when there is none. */
  readonly verb: string;
  /** It only reads. The database holds it to that: it is asked in a transaction or file that cannot be written. */
  readonly isRead: boolean;
  /** There is more behind a `;`. */
  readonly isSeveral: boolean;
  /** How many values it takes, in each dialect; null = cannot be told. */
  readonly parameters: { readonly [dialect in SqlDialect]: number | null };
}

const readVerbs = new Set(["SELECT", "VALUES", "WITH", "TABLE", "SHOW", "EXPLAIN"]);
const writeWords = new Set(["INSERT", "UPDATE", "DELETE", "MERGE", "INTO", "CREATE", "DROP", "ALTER", "TRUNCATE"]);

/** Texts, quoted names and comments: what is inside of them says nothing. */
const QUIET =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`[^`]*(?:`|$)|\$([A-Za-z_]\w*)?\$[\s\S]*?(?:\$\1\$|$)/g;

/** Reads a statement roughly: words, marks of values, and the end. Never throws; linear in the text. */
export function readStatement(query: string): SqlStatement {
  const text = query.replaceAll(QUIET, " '' ");
  const words = text.toUpperCase().match(/[A-Z_]\w*/g) ?? [];
  const [verb = ""] = words;
  const marks = text.match(/\?\d*/g) ?? [];
  const numbers = [...text.matchAll(/\$(\d{1,5})/g)].map(([, digits]) => Number(digits));
  const isNamed = /(?<![\w:])[:@$][A-Za-z_]/.test(text) || marks.some((mark) => mark !== "?");
  return {
    verb,
    isRead: readVerbs.has(verb) && !words.some((word) => writeWords.has(word)),
    isSeveral: text.split(";").filter((part) => part.replaceAll("''", "").trim() !== "").length > 1,
    parameters: {
      sqlite: isNamed ? null : marks.length,
      postgres: numbers.reduce((most, each) => Math.max(most, each), 0),
    },
  };
}

/** Each step is a transaction of its own, and may not reach for other files. */
const refused: { readonly [dialect in SqlDialect]: ReadonlySet<string> } = {
  sqlite: new Set("ATTACH DETACH VACUUM PRAGMA BEGIN COMMIT END ROLLBACK SAVEPOINT RELEASE".split(" ")),
  postgres: new Set(
    "BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE PREPARE COPY LISTEN UNLISTEN LOAD".split(" "),
  ),
};

/** Why a statement is not for a step, as a sentence; null when it is. `dialect` null = not known yet. */
export function statementProblem(statement: SqlStatement, dialect: SqlDialect | null, values: number): string | null {
  if (statement.verb === "") return "there is no statement in it";
  if (statement.isSeveral) return "it holds more than one statement: a step asks one";
  if (dialect === null) return null;
  if (refused[dialect].has(statement.verb)) {
    return `${statement.verb} is not for a step, which is one statement in a transaction of its own`;
  }
  const wanted = statement.parameters[dialect];
  if (wanted === null || wanted === values) return null;
  return `it takes ${wanted} value${wanted === 1 ? "" : "s"}, and \`params\` has ${values}`;
}

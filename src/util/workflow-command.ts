/** Properties of a command to GitHub's runner; those that are undefined are left out. */
export type CommandProperties = { readonly [name: string]: string | number | undefined };

/**
 * A command to GitHub's runner, a line: `::error file=a.yaml,line=3::what is wrong`. Whatever the texts hold, it stays one
 * command: line ends and the signs that mean something are written as `%0A`.
 */
export function workflowCommand(name: string, properties: CommandProperties, message: string): string {
  const said = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${escapedProperty(String(value))}`],
  );
  return `::${name}${said.length === 0 ? "" : ` ${said.join(",")}`}::${escapedData(message)}\n`;
}

function escapedData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

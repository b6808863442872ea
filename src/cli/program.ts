/** Runs one command line (without `node` and the script); the answer is the exit code. */
export async function main(_argv: readonly string[]): Promise<number> {
  process.stderr.write("usage: muster <command> [options]\n");
  return 2;
}

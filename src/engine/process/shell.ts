/**
 * How each shell of the language runs a script: it stops at the first command that fails, and reads no file of the
 * user's. As in GitHub Actions, `bash` (and so `zsh`) also fails when a command inside a pipe fails; `sh` has no such option.
 */
const shellArguments: { readonly [shell: string]: readonly string[] } = {
  sh: ["-e", "-c"],
  bash: ["--noprofile", "--norc", "-eo", "pipefail", "-c"],
  zsh: ["-f", "-e", "-o", "pipefail", "-c"],
};

/** The program and arguments that run a script in a shell; one that is not known gets `-c`. */
export function shellCommand(shell: string, script: string): readonly string[] {
  const known = Object.hasOwn(shellArguments, shell) ? shellArguments[shell] : undefined;
  return [shell, ...(known ?? ["-c"]), script];
}

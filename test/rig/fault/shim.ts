import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";

/** The library that sees and fails system calls (syscalls.c), compiled anew; or why there is none here. */
export function buildShim(): { readonly library: string } | { readonly missing: string } {
  if (platform() !== "linux") return { missing: "LD_PRELOAD is tested on Linux alone" };
  const library = join(mkdtempSync(join(tmpdir(), "muster-shim-")), "shim.so");
  const source = join(import.meta.dirname, "syscalls.c");
  const { status, stderr, error } = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], {
    encoding: "utf8",
  });
  if (error !== undefined) return { missing: "there is no C compiler (cc)" };
  if (status !== 0) throw new Error(`syscalls.c does not compile:\n${stderr}`);
  return { library };
}

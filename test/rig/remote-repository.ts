import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Project } from "./muster/project.ts";

/** Repositories of other people as a project reaches them: `https://github.com/` leads to a folder, by git's own settings. */
export class RemoteRepository {
  readonly #folder: string;
  readonly #project: Project;
  readonly #name: string;

  /** `name` is `owner/repo`. */
  constructor(project: Project, name: string) {
    this.#project = project;
    this.#name = name;
    this.#folder = join(project.folder, "remotes", name);
    mkdirSync(this.#folder, { recursive: true });
    this.#git("init", "--quiet", "--initial-branch=main");
    this.reach(`file://${project.folder}/remotes/`);
  }

  /** Where `https://github.com/` leads. */
  reach(address: string): void {
    this.#project.write(".gitconfig", `[url "${address}"]\n  insteadOf = https://github.com/\n`);
  }

  /** Commits these files over those that are there, and gives the commit. A text with `-> ` before it is a link. */
  commit(files: { readonly [path: string]: string }): string {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.#folder, path);
      mkdirSync(dirname(file), { recursive: true });
      if (text.startsWith("-> ")) symlinkSync(text.slice(3), file);
      else writeFileSync(file, text);
    }
    this.#git("add", "--all");
    this.#git("commit", "--quiet", "--allow-empty", "-m", "change");
    return this.#git("rev-parse", "HEAD").trim();
  }

  /** What a step names: `owner/repo/path@SHA`. */
  at(path: string, commit: string): string {
    return `${this.#name}/${path}@${commit}`;
  }

  #git(...args: string[]): string {
    const who = {
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@example.com",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@example.com",
    };
    return execFileSync("git", args, {
      cwd: this.#folder,
      env: { PATH: process.env["PATH"], HOME: this.#project.folder, GIT_CONFIG_NOSYSTEM: "1", ...who },
      encoding: "utf8",
    });
  }
}

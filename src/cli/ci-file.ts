import { version } from "../util/version.ts";

/** Where the jobs of a project lie; one file for all its workflows. */
export const CI_FILE = ".github/workflows/muster.yaml";

/** Jobs for GitHub Actions: every change is checked, and a workflow is run by hand, with its `secrets`. */
export function ciFile(manifest: string, secrets: readonly string[] = []): string {
  const passed = ["ANTHROPIC_API_KEY", ...secrets].map((name) => `          ${name}: \${{ secrets.${name} }}\n`);
  return `# Checks workflows on every change, and runs one by hand. What each part does: docs/ci.md of agentmuster.
name: muster
on:
  pull_request:
  workflow_dispatch:
    inputs:
      workflow: { description: The workflow to run, default: ${manifest} }
permissions: { contents: read }

jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: { fetch-depth: 0 } # diff reads the branch that the change goes to
      - uses: actions/setup-node@v4
        with: { node-version: 24 }
      - run: npm install --global agentmuster@${version}
      - run: muster validate --format github
      - run: muster test
      - name: What the change means
        if: github.event_name == 'pull_request'
        env: { BASE: "\${{ github.base_ref }}" }
        run: muster diff "origin/$BASE...HEAD" --format markdown >> "$GITHUB_STEP_SUMMARY"

  run:
    if: github.event_name == 'workflow_dispatch'
    needs: check
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 24 }
      - run: npm install --global agentmuster@${version}
      # Exit code 4: it waits for a person. The next job that has .muster goes on with 'muster resume'.
      - run: muster run "$WORKFLOW" --format github --junit junit.xml
        env:
          WORKFLOW: \${{ inputs.workflow }}
${passed.join("")}      # After a failure too: then a resume pays for nothing twice. The name begins with a dot.
      - uses: actions/upload-artifact@v4
        if: always()
        with: { name: muster-state, path: .muster, include-hidden-files: true, if-no-files-found: ignore }
`;
}

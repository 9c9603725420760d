// Finds out which tools the machine lacks, besides Node and npm.
import { spawnSync } from 'node:child_process';

/**
 * For each example, the tools that it needs, each with a command that works only if the tool is installed.
 */
const TOOLS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  python: { 'Python 3 with venv and pip (python3)': 'python3 -c "import venv, ensurepip"' },
  java: { 'a Java development kit (javac)': 'javac -version', 'Maven (mvn)': 'mvn --version' },
  go: { 'Go (go)': 'go version' },
};

/** @param examples the names of the examples */
export function missingTools(examples: readonly string[]): string[] {
  return examples.flatMap((example) => Object.entries(TOOLS[example] ?? {}))
    .filter(([, command]) => spawnSync(command, { shell: true, stdio: 'ignore' }).status !== 0)
    .map(([tool]) => tool);
}

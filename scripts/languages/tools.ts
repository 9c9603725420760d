// What has to be on the machine besides Node and npm.
import { spawnSync } from 'node:child_process';

/** By the example that needs them: what each is called, and a command that only works where it is. */
const TOOLS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  python: { 'Python 3 with venv and pip (python3)': 'python3 -c "import venv, ensurepip"' },
  java: { 'a Java development kit (javac)': 'javac -version', 'Maven (mvn)': 'mvn --version' },
  go: { 'Go (go)': 'go version' },
};

/** @param examples by name */
export function missingTools(examples: readonly string[]): string[] {
  return examples.flatMap((example) => Object.entries(TOOLS[example] ?? {}))
    .filter(([, command]) => spawnSync(command, { shell: true, stdio: 'ignore' }).status !== 0)
    .map(([tool]) => tool);
}

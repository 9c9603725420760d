// What has to be on the machine besides Node and npm.
import { spawnSync } from 'node:child_process';

const TOOLS: Readonly<Record<string, string>> = {
  'Python 3 with venv and pip (python3)': 'python3 -c "import venv, ensurepip"',
  'a Java development kit (javac)': 'javac -version',
  'Maven (mvn)': 'mvn --version',
  'Go (go)': 'go version',
};

export function missingTools(): string[] {
  return Object.keys(TOOLS).filter((tool) => spawnSync(TOOLS[tool], { shell: true, stdio: 'ignore' }).status !== 0);
}

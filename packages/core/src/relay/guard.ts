import { type ChildProcess, spawn } from 'node:child_process';

/** Reads `+ group`, which it acknowledges by a line, and `- group`; kills at the end of its input what is left of those. */
const SCRIPT = `all=
while read -r what one; do
  rest=
  for each in $all; do [ "$each" = "$one" ] || rest="$rest $each"; done
  all=$rest
  [ "$what" = - ] || { all="$all $one"; echo; }
done
for each in $all; do kill -KILL "-$each"; done`;

/**
 * Kills process groups when this interpreter is gone, however that has come: a shell, in a group of its own, waits for the end of a pipe that only this process
 * holds. It is started when it is first needed. Without a shell, or when somebody has killed it, only the end of this process by itself ends them.
 */
export class Guard {
  #shell: ChildProcess | undefined;
  #gone = false;
  /** Those who wait for it to know of a group. */
  #waiting: (() => void)[] = [];

  /** Resolves when it knows: what has been written need not have left yet. */
  async watch(group: number): Promise<void> {
    this.#shell ??= this.#start();
    if (this.#gone) return;
    await new Promise<void>((known) => {
      this.#waiting.push(known);
      this.#tell(`+ ${group}\n`);
    });
  }

  forget(group: number): void {
    this.#tell(`- ${group}\n`);
  }

  end(): void {
    this.#shell?.stdin?.end();
  }

  #tell(line: string): void {
    if (!this.#gone) this.#shell?.stdin?.write(line);
  }

  #start(): ChildProcess {
    const shell = spawn('sh', ['-c', SCRIPT], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
      cwd: '/',
    });
    shell.stdout.on('data', (lines: Uint8Array) => {
      for (const known of this.#waiting.splice(0, lines.length)) known();
    });
    const gone = (): void => {
      this.#gone = true;
      for (const known of this.#waiting.splice(0)) known();
    };
    shell.on('error', gone);
    shell.on('exit', gone);
    shell.stdin.on('error', gone);
    shell.stdout.on('error', gone);
    return shell;
  }
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Fast enough to look alive, slow enough to cost nothing. */
const INTERVAL = 80;

const CLEAR = '\r\x1b[2K';

/** What happens at the moment: one line that is written over on a terminal, a line for each change elsewhere. */
export class LiveLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #live: boolean;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #text = '';
  #frame = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#live = stream.isTTY === true && process.env['TERM'] !== 'dumb';
    if (this.#live) this.#timer = setInterval(() => this.#draw(), INTERVAL).unref();
  }

  /** Says it anew. `lasting`: also where lines can't be written over. */
  show(text: string, { lasting = false }: { lasting?: boolean } = {}): void {
    this.#text = text;
    if (this.#live) this.#draw();
    else if (lasting) this.#stream.write(`${text}\n`);
  }

  /** Takes the line away. */
  clear(): void {
    clearInterval(this.#timer);
    if (this.#live) this.#stream.write(CLEAR);
  }

  #draw(): void {
    const frame = FRAMES[this.#frame++ % FRAMES.length];
    // one column is left free: some terminals wrap when the last one is written
    const room = Math.max(10, (this.#stream.columns ?? 80) - 4);
    const text = this.#text.length > room ? `${this.#text.slice(0, room - 1)}…` : this.#text;
    this.#stream.write(`${CLEAR}${frame} ${text}`);
  }
}

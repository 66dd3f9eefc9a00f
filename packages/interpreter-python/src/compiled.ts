/** The program as some Python has made code of it. */
export interface Compiled {
  /** Its `sys.version`: no other takes it. */
  readonly build: string;
  readonly code: Uint8Array;
}

/** More interpreters than that are on no machine; each takes 140 KB. */
const MOST = 32;

/** What remote ends have made of their program, by the command that started them: making it takes half of the time of a start. */
export class CompiledPrograms {
  readonly #programs = new Map<string, Compiled>();

  get(command: string): Compiled | undefined {
    return this.#programs.get(command);
  }

  /** `payload` is that of COMPILED. What is none is dropped: the next remote end makes it itself. */
  put(command: string, payload: Uint8Array): void {
    if (payload.length < 4 || this.#programs.size >= MOST) return;
    const { buffer, byteOffset } = payload;
    const size = new DataView(buffer, byteOffset).getUint32(0);
    const build = Buffer.from(payload.subarray(4, 4 + size)).toString('latin1');
    // it becomes a part of a program in Python
    if (payload.length <= 4 + size || !/^[\n\x20-\x7e]+$/.test(build)) return;
    this.#programs.set(command, { build, code: payload.subarray(4 + size) });
  }
}

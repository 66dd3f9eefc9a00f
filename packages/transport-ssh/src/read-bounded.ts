import { type FileHandle, open } from 'node:fs/promises';

/** The bytes of a file; fails if there are more than `most`, so that a device or a pipe that never ends is not read to exhaustion. */
export async function readBounded(file: string | FileHandle, most: number): Promise<Buffer> {
  const handle = typeof file === 'string' ? await open(file) : file;
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      // most files are small
      const chunk = Buffer.allocUnsafe(length < 65_536 ? 65_536 : 1_048_576);
      const { bytesRead, buffer } = await handle.read({ buffer: chunk, position: null });
      if (bytesRead === 0) return Buffer.concat(chunks);
      chunks.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
      if (length > most) throw new RangeError(`it is larger than ${most} bytes`);
    }
  } finally {
    if (handle !== file) await handle.close();
  }
}

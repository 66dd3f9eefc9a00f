export { Code, codeName, MAX_CODE } from './code.ts';
export { FrameDecoder, MAX_FRAME } from './frame-decoder.ts';
export { FrameWriter } from './frame-writer.ts';
export {
  EMPTY,
  encodeFrame,
  FRAGMENT_SIZE,
  HEADER_SIZE,
  int32Payload,
  readInt32,
  writeHeader,
  writeInt32,
} from './header.ts';

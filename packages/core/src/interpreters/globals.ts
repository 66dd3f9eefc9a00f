// Written by tools/globals.mjs from the interpreters themselves; run it again for a new version of one.

/** On every interpreter: the builtins of ECMAScript, what all take from the web, and `require`, which remote ends define. */
const COMMON =
  'AbortController AbortSignal AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt ' +
  'BigInt64Array BigUint64Array Blob Boolean BroadcastChannel Buffer ByteLengthQueuingStrategy ' +
  'CloseEvent CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DataView ' +
  'Date DecompressionStream DisposableStack Error ErrorEvent EvalError Event EventTarget File ' +
  'FinalizationRegistry Float16Array Float32Array Float64Array FormData Function Headers Infinity ' +
  'Int16Array Int32Array Int8Array Intl Iterator JSON Map Math MessageChannel MessageEvent MessagePort ' +
  'NaN Number Object Performance PerformanceEntry PerformanceMark PerformanceMeasure ' +
  'PerformanceObserver PerformanceObserverEntryList Promise Proxy RangeError ' +
  'ReadableByteStreamController ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest ' +
  'ReadableStreamDefaultController ReadableStreamDefaultReader ReferenceError Reflect RegExp Request ' +
  'Response Set SharedArrayBuffer String SubtleCrypto SuppressedError Symbol SyntaxError Temporal ' +
  'TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream ' +
  'TransformStreamDefaultController TypeError URIError URL URLPattern URLSearchParams Uint16Array ' +
  'Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly WebSocket ' +
  'WritableStream WritableStreamDefaultController WritableStreamDefaultWriter atob btoa clearImmediate ' +
  'clearInterval clearTimeout console crypto decodeURI decodeURIComponent encodeURI encodeURIComponent ' +
  'escape eval fetch global globalThis isFinite isNaN navigator parseFloat parseInt performance process ' +
  'queueMicrotask require setImmediate setInterval setTimeout structuredClone undefined unescape';

const NODE = 'Navigator PerformanceResourceTiming QuotaExceededError Storage localStorage sessionStorage';

const BUN =
  'BuildError BuildMessage Bun HTMLRewriter PerformanceResourceTiming PerformanceServerTiming ' +
  'PerformanceTiming ResolveError ResolveMessage ShadowRealm Worker addEventListener alert confirm ' +
  'dispatchEvent onerror onmessage postMessage prompt removeEventListener reportError self';

const DENO =
  'Cache CacheStorage DOMMatrix DOMMatrixReadOnly DOMPoint DOMPointReadOnly DOMQuad DOMRect ' +
  'DOMRectReadOnly Deno EventSource FileReader GPU GPUAdapter GPUAdapterInfo GPUBindGroup ' +
  'GPUBindGroupLayout GPUBuffer GPUBufferUsage GPUCanvasContext GPUColorWrite GPUCommandBuffer ' +
  'GPUCommandEncoder GPUCompilationInfo GPUCompilationMessage GPUComputePassEncoder GPUComputePipeline ' +
  'GPUDevice GPUDeviceLostInfo GPUError GPUInternalError GPUMapMode GPUOutOfMemoryError ' +
  'GPUPipelineError GPUPipelineLayout GPUQuerySet GPUQueue GPURenderBundle GPURenderBundleEncoder ' +
  'GPURenderPassEncoder GPURenderPipeline GPUSampler GPUShaderModule GPUShaderStage ' +
  'GPUSupportedFeatures GPUSupportedLimits GPUTexture GPUTextureUsage GPUTextureView ' +
  'GPUUncapturedErrorEvent GPUValidationError ImageBitmap ImageBitmapRenderingContext ImageData ' +
  'Location Lock LockManager Navigator NavigatorUAData OffscreenCanvas ProgressEvent ' +
  'PromiseRejectionEvent QuotaExceededError Storage Window Worker addEventListener alert caches close ' +
  'closed confirm createImageBitmap dispatchEvent getParent localStorage location onbeforeunload ' +
  'onerror onload onunhandledrejection onunload prompt removeEventListener reportError self ' +
  'sessionStorage';

/** Global variables of a remote end on node, 20.20.2, 18.20.8, 22.23.3, 24.21.0, 26.10.0 taken together. */
export const NODE_GLOBALS: readonly string[] = names(NODE);

/** Global variables of a remote end on bun, 1.4.5 taken together. */
export const BUN_GLOBALS: readonly string[] = names(BUN);

/** Global variables of a remote end on deno, 2.9.6 taken together. */
export const DENO_GLOBALS: readonly string[] = names(DENO);

function names(own: string): readonly string[] {
  return Object.freeze(`${COMMON} ${own}`.split(' '));
}

/**
 * Definitions of what compilers and test runners put into functions, for the far side, where the module that defined them is not.
 * Each in one line: what comes after keeps its line numbers.
 */
const SUPPLIED: Readonly<Record<string, string>> = {
  // esbuild and tsx, `keepNames`
  __name: namingHelper('__name'),
  // vitest; a direct import() in the program takes the loader that evaluates it
  __vite_ssr_dynamic_import__:
    'const __vite_ssr_dynamic_import__=(specifier,options)=>import(specifier,options);',
  // esbuild and tsx, `using` for engines without it; what they do is what esbuild's own do
  __using:
    'const __using=(stack,value,async)=>{' +
    'if(value==null){if(async)stack.push([async]);return value}' +
    'if(typeof value!=="object"&&typeof value!=="function")throw new TypeError("Object expected");' +
    'let dispose=async?value[Symbol.asyncDispose??Symbol.for("Symbol.asyncDispose")]:undefined;' +
    'if(dispose===undefined){const inner=dispose=value[Symbol.dispose??Symbol.for("Symbol.dispose")];' +
    'if(async&&typeof inner==="function")dispose=function(){try{inner.call(this)}catch(error){return Promise.reject(error)}}}' +
    'if(typeof dispose!=="function")throw new TypeError("Object not disposable");' +
    'stack.push([async,dispose,value]);return value};',
  __callDispose:
    'const __callDispose=(stack,error,hasError)=>{' +
    'const fail=(next)=>{error=hasError?Object.assign(typeof SuppressedError==="function"?new SuppressedError(next,error,"An error was suppressed during disposal")' +
    ':new Error("An error was suppressed during disposal"),{error:next,suppressed:error}):next;hasError=true};' +
    'const next=()=>{for(let item;item=stack.pop();){try{const result=item[1]&&item[1].call(item[2]);' +
    'if(item[0])return Promise.resolve(result).then(next,(error)=>(fail(error),next()))}catch(error){fail(error)}}' +
    'if(hasError)throw error};return next()};',
  // an `import()` that was compiled to CommonJS: by esbuild, TypeScript, Babel, SWC
  __toESM: namespaceHelper('__toESM'),
  __importStar: namespaceHelper('__importStar'),
  _interopRequireWildcard: namespaceHelper('_interopRequireWildcard'),
  _interop_require_wildcard: namespaceHelper('_interop_require_wildcard'),
};

/** Gives a module that `require` has found the shape that `import()` gives it. */
function namespaceHelper(name: string): string {
  return `const ${name}=(module)=>module&&module.__esModule?module:Object.assign({},module,{default:module});`;
}

function namingHelper(name: string): string {
  return `const ${name}=(target,value)=>Object.defineProperty(target,"name",{value,configurable:true});`;
}

/** Whether the far side gets a definition of this helper. */
export function isSuppliedHelper(name: string): boolean {
  return Object.hasOwn(SUPPLIED, name);
}

/** A counter that may be called, read, written and incremented, and counts nothing: `cov_2kx1().b[3][0]++`. */
const counter = (name: string): string =>
  `const ${name}=new Proxy(()=>{},{apply:()=>${name},get:(_,key)=>key===Symbol.toPrimitive?()=>0:${name},set:()=>true});`;

const MENTIONED = new RegExp(`\\b(?:${Object.keys(SUPPLIED).join('|')}|cov_\\w+(?=\\(\\)\\.[sbf]\\[))`, 'g');

/**
 * Source of the helpers that `text` mentions, to be put before it in the same scope; empty if there are none, one line otherwise.
 * A name that the text defines itself shadows the one given here. `naming`: others that do what `__name` does.
 */
export function helpersPrelude(text: string, naming: readonly string[] = []): string {
  const mentioned = new Set(text.match(MENTIONED));
  return [...naming.map(namingHelper), ...[...mentioned].map((name) => SUPPLIED[name] ?? counter(name))].join(
    '',
  );
}

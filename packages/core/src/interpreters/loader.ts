import { PROTOCOL_VERSION } from '../protocol/index.ts';
import { Code } from '../wire/index.ts';

/**
 * Loaders: the texts that interpreters get as an argument. `INPUT` and `OUTPUT` stand for the descriptors.
 *
 * A loader reads the options, says hello, reads the program, and evaluates it with an indirect `eval` of its own, because only code
 * that such an `eval` evaluates can use `import()`. Hello comes first so that the local end goes on while the program is being parsed,
 * which takes a tenth of the whole start. An interpreter that is too old is answered with the token, `OLD ` and the version: so a
 * loader must be understood by interpreters of any age.
 */

/** For Node and Bun; ECMAScript 5. `require` becomes a global everywhere, for remote code that can't await an `import()`. */
export const COMMONJS_LOADER: string = [
  '(function(){',
  "var fs=require('fs'),v=process.versions,read=function(n){var b=Buffer.alloc(n),o=0,k;",
  "while(o<n){try{k=fs.readSync(INPUT,b,o,n-o,null)}catch(e){if(e.code==='EAGAIN'||e.code==='EINTR')continue;throw e}",
  'if(!k)process.exit(0);o+=k}return b},',
  'text=function(){return read(read(4).readUInt32BE(0)).toString()},',
  "say=function(b){fs.writeSync(OUTPUT,b,0,b.length)},cwd=function(){try{return process.cwd()}catch(e){return''}},",
  'options=JSON.parse(text()),token=Buffer.from(options.token);',
  "if(parseInt(v.node,10)<18){say(Buffer.concat([token,Buffer.from('OLD '+v.node)]));process.exit(1)}",
  `var hello=Buffer.from(JSON.stringify({protocol:${PROTOCOL_VERSION},runtime:v.bun?'bun':'node',version:v.bun||v.node,pid:process.pid,platform:process.platform,arch:process.arch,executable:process.execPath,cwd:cwd()})),`,
  `head=Buffer.alloc(9);head[0]=${Code.HELLO};head.writeUInt32BE(hello.length,5);say(Buffer.concat([token,head,hello]));`,
  'var program=text(),evaluate=function(t){return(0,eval)(t)},cache;',
  'globalThis.require=require;',
  'if(options.cached)cache=read(read(4).readUInt32BE(0));',
  "(cache?new(require('vm').Script)(program,{cachedData:cache}).runInThisContext():evaluate(program))",
  '({evaluate:evaluate,program:program,cache:cache,options:options})',
  '})()',
].join('');

/**
 * For Deno, whose own calls refuse descriptors that it did not open: libc reads them. What comes from Node's world is loaded when it is used:
 * it takes longer than all the rest of the start.
 */
export const DENO_LOADER: string = [
  "const cwd=()=>{try{return Deno.cwd()}catch{return''}},define=(value)=>{Object.defineProperty(globalThis,'require',{configurable:true,writable:true,value});return value};",
  "Object.defineProperty(globalThis,'require',{configurable:true,set:define,",
  "get:()=>define(process.getBuiltinModule('node:module').createRequire(cwd()+'/'))});",
  "const call={parameters:['i32','buffer','usize'],result:'isize'},{os,arch}=Deno.build,",
  "libc=Deno.dlopen(os==='darwin'?'libSystem.dylib':'libc.so.6',{read:call,write:call}).symbols,",
  'read=(n)=>{const b=new Uint8Array(n);let o=0;while(o<n){const k=Number(libc.read(INPUT,b.subarray(o),BigInt(n-o)));if(k<=0)Deno.exit(0);o+=k}return b},',
  'text=()=>new TextDecoder().decode(read(new DataView(read(4).buffer).getUint32(0))),',
  'bytes=(t)=>new TextEncoder().encode(t),options=JSON.parse(text()),token=bytes(options.token),',
  `hello=bytes(JSON.stringify({protocol:${PROTOCOL_VERSION},runtime:'deno',version:Deno.version.deno,pid:Deno.pid,platform:os,`,
  "arch:{x86_64:'x64',aarch64:'arm64'}[arch]??arch,executable:Deno.execPath(),cwd:cwd()})),",
  'first=new Uint8Array(token.length+9+hello.length);',
  `first.set(token);first[token.length]=${Code.HELLO};new DataView(first.buffer).setUint32(token.length+5,hello.length);first.set(hello,token.length+9);`,
  'libc.write(OUTPUT,first,BigInt(first.length));',
  'const program=text(),evaluate=(t)=>(0,eval)(t);',
  'evaluate(program)({evaluate,program,options})',
].join('');

/**
 * Loaders: the texts that interpreters get as an argument. `INPUT` and `OUTPUT` stand for the descriptors.
 *
 * A loader reads the options and the program, and evaluates the program with an indirect `eval` of its own, because only code that such an
 * `eval` evaluates can use `import()`. It answers an interpreter that is too old with the token, `OLD ` and the version: so it must be
 * understood by interpreters of any age.
 */

/** For Node and Bun; ECMAScript 5. `require` becomes a global everywhere, for remote code that can't await an `import()`. */
export const COMMONJS_LOADER: string = [
  '(function(){',
  "var fs=require('fs'),read=function(n){var b=Buffer.alloc(n),o=0,k;",
  "while(o<n){try{k=fs.readSync(INPUT,b,o,n-o,null)}catch(e){if(e.code==='EAGAIN'||e.code==='EINTR')continue;throw e}",
  'if(!k)process.exit(0);o+=k}return b},',
  'text=function(){return read(read(4).readUInt32BE(0)).toString()},',
  'options=JSON.parse(text()),program=text(),',
  'evaluate=function(t){return(0,eval)(t)};',
  "if(parseInt(process.versions.node,10)<18){fs.writeSync(OUTPUT,options.token+'OLD '+process.versions.node);process.exit(1)}",
  'globalThis.require=require;',
  'evaluate(program)({evaluate:evaluate,program:program,options:options})',
  '})()',
].join('');

/** For Deno, whose own calls refuse descriptors that it did not open: libc reads them. */
export const DENO_LOADER: string = [
  "import{createRequire}from'node:module';",
  "globalThis.require=createRequire(Deno.cwd()+'/');",
  "const libc=Deno.dlopen(Deno.build.os==='darwin'?'libSystem.dylib':'libc.so.6',{read:{parameters:['i32','buffer','usize'],result:'isize'}}).symbols,",
  'read=(n)=>{const b=new Uint8Array(n);let o=0;while(o<n){const k=Number(libc.read(INPUT,b.subarray(o),BigInt(n-o)));if(k<=0)Deno.exit(0);o+=k}return b},',
  'text=()=>new TextDecoder().decode(read(new DataView(read(4).buffer).getUint32(0))),',
  'options=JSON.parse(text()),program=text(),evaluate=(t)=>(0,eval)(t);',
  'evaluate(program)({evaluate,program,options})',
].join('');

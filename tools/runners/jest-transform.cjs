// Compiles TypeScript and ES modules for Jest: to CommonJS, or only the types away where Jest runs ES modules.
const { transformSync } = require('esbuild');

module.exports = {
  /** @param {string} text @param {string} file @param {{ supportsStaticESM: boolean }} options */
  process(text, file, { supportsStaticESM }) {
    const { code } = transformSync(text, {
      format: supportsStaticESM ? 'esm' : 'cjs',
      loader: file.endsWith('ts') ? 'ts' : 'js',
      target: 'es2022',
      // Jest's CommonJS has no import()
      supported: { 'dynamic-import': supportsStaticESM },
      sourcefile: file,
      sourcemap: 'inline',
    });
    return { code };
  },
};

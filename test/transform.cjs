// How Jest reads TypeScript: esbuild transpiles each file, then Jest adds its counters for coverage.
//
// jest-esbuild says that it adds them itself, and does not.
const { createTransformer } = require('jest-esbuild').default;

module.exports = { createTransformer: (options) => ({ ...createTransformer(options), canInstrument: false }) };

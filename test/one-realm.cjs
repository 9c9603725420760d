// How a test file is run: in the process's own realm, with packages that are loaded once for all files of a worker.
//
// Jest gives each file a realm and all packages of its own. Then nothing is ever warm: CDK and the AWS SDK are compiled
// again for each of more than 200 files. Our own modules are still the file's own.
const { createRequire, isBuiltin } = require('node:module');
const { setFlagsFromString } = require('node:v8');
const { compileFunction } = require('node:vm');
const Runtime = require('jest-runtime').default;
const { name: own } = require('../package.json');
const { isCounted } = require('./counted.cjs');

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'; // CI has newer versions of Node too

// V8 optimizes a function that has run for a while, and it does so anew each time a module is evaluated: for each test
// file and each start of a function. Most do not run long enough to be worth it. This waits six times as long.
setFlagsFromString('--interrupt-budget=400000');

const isShared = (from, name) =>
  /^[@\w]/.test(name) && !isBuiltin(name) && name !== own && !name.startsWith('@jest/') && !from.includes('/node_modules/');

/** Code that was compiled, by file and text. Our modules are evaluated for each test file, and stay warm so. */
const known = new Map();

function compiled(source, filename, parameters) {
  const texts = known.get(filename) ?? new Map();
  known.set(filename, texts);
  const code = texts.get(source) ?? compileFunction(source, parameters, { filename });
  texts.set(source, code);
  return code;
}

/** The test that runs, and within it a hook. Ours run one after the other, so a value is enough. */
class PlainStorage {
  getStore() {
    return this.store;
  }

  async run(store, work) {
    const before = this.store;
    this.store = store;
    try {
      return await work();
    } finally {
      if (this.store !== store) throw new Error('Two tests run at once, which test/one-realm.cjs does not know');
      this.store = before;
    }
  }
}

module.exports = class OneRealm extends Runtime {
  constructor(config, environment, resolver, transformer, cacheFS, coverage, testPath, globalConfig) {
    const collectCoverage = coverage.collectCoverage && isCounted(testPath);
    super(config, environment, resolver, transformer, cacheFS, { ...coverage, collectCoverage }, testPath, globalConfig);
    const { executor } = this;
    executor.compile = (source, filename) => compiled(source, filename, executor.injectedModuleParameters);
    this.giveStorage();
  }

  // Jest keeps the test that runs in an AsyncLocalStorage. With one, Node follows every promise of the process.
  giveStorage() {
    const { coreModule } = this;
    const real = coreModule.require.bind(coreModule);
    coreModule.require = (name) =>
      name.endsWith('async_hooks') ? { ...real(name), AsyncLocalStorage: PlainStorage } : real(name);
  }

  // Jest makes a deep copy for each file. The next file has counters of its own.
  getAllCoverageInfoCopy() {
    return globalThis.__coverage__;
  }

  requireModuleOrMock(from, name) {
    return isShared(from, name) ? createRequire(from)(name) : super.requireModuleOrMock(from, name);
  }

  requireActual(from, name) {
    return isShared(from, name) ? createRequire(from)(name) : super.requireActual(from, name);
  }
};

// How a test file is run: in the process's own realm, with packages that are loaded once for all files of a worker.
//
// Jest gives each file a realm and all packages of its own. Then nothing is ever warm: CDK and the AWS SDK are compiled
// again for each of more than 200 files. Our own modules are still the file's own.
const asyncHooks = require('node:async_hooks');
const { createRequire, isBuiltin } = require('node:module');
const { compileFunction } = require('node:vm');
const Runtime = require('jest-runtime').default;
const { name: own } = require('../package.json');

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'; // CI has newer versions of Node too

const isShared = (from, name) =>
  /^[@\w]/.test(name) && !isBuiltin(name) && name !== own && !name.startsWith('@jest/') && !from.includes('/node_modules/');

module.exports = class OneRealm extends Runtime {
  constructor(...options) {
    super(...options);
    const { executor } = this;
    executor.compile = (source, filename) => compileFunction(source, executor.injectedModuleParameters, { filename });
    this.giveStorage();
  }

  // Jest makes a storage for each file and leaves it on. Node then copies each one into every promise of all later files.
  giveStorage() {
    const { coreModule } = this;
    const storages = this.storages = [];
    const real = coreModule.require.bind(coreModule);
    class AsyncLocalStorage extends asyncHooks.AsyncLocalStorage {
      constructor(...options) {
        super(...options);
        storages.push(this);
      }
    }
    coreModule.require = (name) => name.endsWith('async_hooks') ? { ...real(name), AsyncLocalStorage } : real(name);
  }

  teardown() {
    for (const storage of this.storages) storage.disable();
    super.teardown();
  }

  requireModuleOrMock(from, name) {
    return isShared(from, name) ? createRequire(from)(name) : super.requireModuleOrMock(from, name);
  }

  requireActual(from, name) {
    return isShared(from, name) ? createRequire(from)(name) : super.requireActual(from, name);
  }
};

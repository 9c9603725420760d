// How jest runs the tests of a mutant, without counters. MUTANTS_TESTS has a folder: its quick tests are run. Without it,
// all tests that need no local cloud.
const { testTimeout, transform, runtime, testPathIgnorePatterns } = require('../../package.json').jest;

/** They run thousands of histories, which takes seconds for each mutant. */
const SLOW = ['owners.test', 'zone-plan-histories.test', 'several-batches.test', 'crashes.test'];

const { MUTANTS_TESTS = 'test/{lambda,private,email-identity-dkim}' } = process.env;

module.exports = {
  rootDir: '../..',
  testTimeout,
  transform,
  runtime,
  testEnvironment: './scripts/mutants/environment.ts', // Stryker reads it, from the root
  testMatch: [`<rootDir>/${MUTANTS_TESTS}/**/*.test.ts`],
  testPathIgnorePatterns: [...testPathIgnorePatterns, ...process.env.MUTANTS_TESTS ? SLOW : []],
  maxWorkers: 1,
};

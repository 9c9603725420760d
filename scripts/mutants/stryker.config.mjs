// The settings of Stryker. MUTANTS has what is changed: files, or places in files.
export default {
  testRunner: 'jest',
  testRunnerNodeArgs: ['--import', 'tsx', '--max-semi-space-size=64'],
  plugins: ['@stryker-mutator/jest-runner'],
  jest: { projectType: 'custom', configFile: 'scripts/mutants/jest.config.cjs', enableFindRelatedTests: false },
  coverageAnalysis: 'perTest', // only tests that reach a mutant are run
  mutate: process.env.MUTANTS.split(','),
  ignorePatterns: ['/.git', '/lib', '/dist', '/coverage', '/docs', '/cdk.out', '/test-reports'],
  tempDirName: 'mutants.tmp',
  concurrency: 2, // a machine of continuous integration has two cores
  timeoutMS: 4_000,
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: process.env.MUTANTS_REPORT },
};

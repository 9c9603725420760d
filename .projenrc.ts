// The configuration of the project. `npx projen` generates package.json, tsconfig, lint rules, workflows and
// tasks from it.
import { awscdk, github, javascript, JsonFile, ReleasableCommits, TaskStep } from 'projen';
import { HARD_TO_READ } from './projenrc/plain-english';

/**
 * The lowest supported aws-cdk-lib. Since 2.235.0 the L2s of an identity, a zone, a secret, a key and a role have the
 * same interfaces as their L1s: `IEmailIdentityRef`, `IHostedZoneRef` and so on. 2.236.0 is the first of these versions
 * for which there is an integ-tests-alpha. The other features that the library uses are older:
 * `lambda.Runtime.NODEJS_24_X`, and the service timeout of a custom resource.
 */
const CDK_FLOOR = '2.236.0';

/**
 * The version of all SDK clients. With one version they share one copy of their dependencies in the bundle.
 *
 * It is at least 3.950, because older clients drop `SigningHostedZone` of SES. It must run on the oldest Node
 * of the tests. It is exact, because the generated code of the SDK decides what esbuild can leave out. After
 * a change, check size and start with `npx projen bench`.
 */
const SDK = '3.1164.0';

const project = new awscdk.AwsCdkConstructLibrary({
  name: 'cdk-ses-dkim',
  description: 'DKIM signing of Amazon SES domain identities for AWS CDK: Easy DKIM, BYODKIM from Secrets Manager and '
    + 'Deterministic Easy DKIM, with the DNS records in Route 53',
  author: 'cdk-ses-dkim contributors',
  authorAddress: 'https://github.com/cdk-ses-dkim/cdk-ses-dkim',
  authorOrganization: true,
  homepage: 'https://github.com/cdk-ses-dkim/cdk-ses-dkim',
  bugsUrl: 'https://github.com/cdk-ses-dkim/cdk-ses-dkim/issues',
  repositoryUrl: 'https://github.com/cdk-ses-dkim/cdk-ses-dkim.git',
  license: 'Apache-2.0',
  copyrightOwner: 'cdk-ses-dkim contributors',
  copyrightPeriod: '2026',
  stability: 'experimental',
  keywords: ['aws-cdk', 'awscdk', 'ses', 'dkim', 'byodkim', 'deed', 'email', 'route53', 'dmarc', 'secretsmanager'],

  defaultReleaseBranch: 'main',
  bumpPackage: 'commit-and-tag-version@^12', // 13 needs Node 22
  releasableCommits: ReleasableCommits.featuresAndFixes(),
  // No token of npm, PyPI or NuGet is kept anywhere: each trusts this workflow in this environment, where a maintainer
  // approves every release (CONTRIBUTING.md).
  releaseEnvironment: 'release',
  npmTrustedPublishing: true,
  jsiiReleaseVersion: '0.2.1061', // publib: it runs where packages are published
  publishToPypi: { distName: 'cdk-ses-dkim', module: 'cdk_ses_dkim', trustedPublishing: true },
  publishToMaven: {
    mavenGroupId: 'io.github.cdk-ses-dkim',
    mavenArtifactId: 'cdk-ses-dkim',
    javaPackage: 'io.github.cdksesdkim',
  },
  publishToNuget: { packageId: 'CdkSesDkim', dotNetNamespace: 'CdkSesDkim', trustedPublishing: true },
  publishToGo: {
    moduleName: 'github.com/cdk-ses-dkim/cdk-ses-dkim-go',
    packageName: 'cdksesdkim',
    githubUseSsh: true, // a deploy key opens that one repository, a token all of a person's
  },

  cdkVersion: CDK_FLOOR,
  // The Go module of the lowest aws-cdk-lib does not compile with 10.5, which has a method `with` of its own.
  constructsVersion: '10.4.2',
  jsiiVersion: '~6.0.0',
  typescriptVersion: '~6.0.0', // what jsii 6.0 compiles with; the lint and the tests should read the code the same way
  projenVersion: '0.103.25',
  minNodeVersion: '20.18.1', // the oldest on which the tests are run
  workflowNodeVersion: '20',
  packageManager: javascript.NodePackageManager.NPM,
  projenrcTs: true,
  // Only tsconfig.dev.json. jsii writes its own tsconfig for src/, and esbuild bundles the handler.
  disableTsconfig: true,
  tsconfigDev: {
    include: ['lambda/**/*.ts', 'examples/**/*.ts', 'scripts/**/*.ts', 'projenrc/**/*.ts', '.projenrc.ts'],
    compilerOptions: {
      lib: ['es2023'],
      target: 'ES2023',
      isolatedModules: true, // jest transpiles file by file; types are checked once, by the typecheck step
      paths: {
        'cdk-ses-dkim': ['./src/index.ts'], // examples import the library by its name
        // The types of the whole of `aws-cdk-lib` are half of the lines that tsc and ESLint would read.
        'aws-cdk-lib': ['./node_modules/aws-cdk-lib/core'],
      },
      skipLibCheck: true, // mailauth and dns-packet bring types that need their own optional peers
      types: ['node', 'jest'],
    },
  },
  gitignore: ['/assets/', '/cdk.out/', '.jsii.tabl.json', '.DS_Store'],
  docgen: true,
  docgenFilePath: 'API.md',
  sampleCode: false,

  devDeps: [
    // In the bundle: the clients themselves, nothing else. See docs/adr/ for why the SDK is inside.
    `@aws-sdk/client-lambda@${SDK}`,
    `@aws-sdk/client-route-53@${SDK}`,
    `@aws-sdk/client-scheduler@${SDK}`, // calls a waiting function again, instead of a run that waits (docs/adr/0021)
    `@aws-sdk/client-secrets-manager@${SDK}`,
    `@aws-sdk/client-sesv2@${SDK}`,
    `@aws-sdk/client-sts@${SDK}`,
    '@aws-sdk/credential-provider-env@3.972.84', // the only credential provider in the bundle
    // Send the answer to CloudFormation. The clients bring them, and send their calls with them.
    '@smithy/core@3.41.0',
    '@smithy/node-http-handler@4.14.2',
    // In the bundle too, for questions to name servers: Node's resolver shows neither referrals nor who is
    // authoritative. It does messages only, has one small dependency, and is what most of Node's DNS tools use.
    // dns2 needs Node 22. The local cloud's name servers use it as well.
    'dns-packet@5.6.1',
    '@types/dns-packet@5.6.5',
    // Checks of the construct
    'awslint@2.72.1', // the CDK team's API rules, published for use outside their repository
    'cdk-nag@2.37.55', // the newest that runs on the floor of CDK and constructs
    'jsii-rosetta@~6.0.0',
    'eslint-plugin-regexp@2.10.0', // finds patterns that a long hostile text keeps busy. 3 needs ESLint's newer settings
    'fast-check@4.10.2', // property tests
    // Mutants: the only kept tool for TypeScript and jest. 10 and later need Node 22.
    '@stryker-mutator/core@9.6.1', '@stryker-mutator/jest-runner@9.6.1',
    // The local cloud. It never ships.
    `@aws-sdk/client-cloudformation@${SDK}`, // deploys stacks on it
    'nodemailer@10.6.0', // composes and signs the mail that the local SES sends
    'mailauth@4.13.3', // verifies it; no code shared with the signer's DKIM. 5 and later need Node 22
    'fast-xml-parser@5.12.1', // Route 53, STS and CloudFormation's API speak XML
    'croner@11.0.1', // schedules: knows years and AWS's weekdays; aws-cron-parser takes 29 February for 1 March
    // The real CLI and the tests of a real account
    'aws-cdk@2.1148.1', // reads what the library synthesizes; the registry's `latest` is an old build
    '@aws-cdk/integ-runner@2.197.10', // the newest; it brings a CLI of its own
    '@aws-cdk/integ-tests-alpha@2.236.0-alpha.0', // the newest that runs on the CDK floor
    'pure-rand@8.4.2', // random numbers that a seed repeats; fast-check brings the same version
    // jest's own: what test/one-realm.cjs, counted-first.cjs and seeded-environment.ts are made of
    'jest-runtime@^30', '@jest/environment@^30', '@jest/fake-timers@^30', '@jest/test-sequencer@^30', '@jest/types@^30',
    'jest-mock@^30',
    'jest-esbuild@0.4.0', // transpiles the tests: a fraction of what ts-jest takes, which also needs the types
    // Running TypeScript without type-checking it twice: `npm test` type-checks once, in the `typecheck` task
    'esbuild@0.28.2',
    // Checks types in a third of the time. jsii and ESLint have version 6, whose API version 7 lacks.
    'typescript-native@npm:typescript@7.0.2',
    // The two rules that need types, for which ESLint would check them once more
    'oxlint@1.94.0', 'oxlint-tsgolint@7.0.2008',
    'terser@5.51.4', // makes the bundle smaller once more: zipped by a twentieth
    'tsx@4.23.15',
    'cli-table3@0.6.5', // tables of the demo, of faults and of histories
    'concurrently@9.2.5', // two checks at once in `npm test`; the newest that runs on Node 20
    // Plain English in the docs. textlint is kept, reads Markdown, and needs no network. Vale has no npm package.
    'textlint@15.8.0',
    'textlint-rule-sentence-length@5.2.1', // long sentences
    'textlint-rule-max-comma@4.0.0', // sentences of many parts
    '@textlint-rule/textlint-rule-pattern@2.0.2', // the words in projenrc/plain-english.ts
  ],
  jestOptions: {
    updateSnapshot: javascript.UpdateSnapshot.NEVER, // nobody changes a snapshot by running a test
    jestConfig: {
      testEnvironment: './test/seeded-environment.ts',
      // Only for a test that never ends. No test waits in real time, and one in which all wait fails at once: so how
      // long a test takes is the machine's affair. Beside twelve busy loops ten seconds become more than a minute.
      testTimeout: 600_000,
      // One for each of two cores. A function in a process of its own works while its test waits, so more would
      // only take turns.
      maxWorkers: 2,
      coverageThreshold: { branches: 90, functions: 90, lines: 90, statements: 90 },
      collectCoverageFrom: ['src/**/*.ts', 'lambda/**/*.ts'],
      coverageReporters: ['json'], // projen adds 'text'
      // Counters in the files named above. V8 counts in every file that is loaded, aws-cdk-lib included: that doubled
      // the time of the tests.
      coverageProvider: 'babel',
      testPathIgnorePatterns: ['/node_modules/', '/cdk.out/'],
    },
  },
  eslintOptions: {
    dirs: ['src', 'lambda'],
    devdirs: ['test', 'examples', 'scripts'],
    projectService: false,
    tsconfigPath: './tsconfig.dev.json',
  },
  githubOptions: { pullRequestLint: false }, // it wants `feat:` or `fix:` in each title, but here they make a release
  autoMerge: false, // a person reviews every change, also upgrades: they end in the function that reads private keys
  buildWorkflow: false, // `ci` below runs the suite, builds every package, and refuses what the generators would change
  depsUpgradeOptions: {
    cooldown: 14, // days: a bad version of a package is mostly found and taken back sooner
    workflowOptions: { labels: ['dependencies'] },
  },
});

// 1.13.0 lacks the packages of some platforms, and `npm ci` refuses that:
// https://github.com/npm/cli/issues/4828
project.package.addPackageResolutions('unrs-resolver@1.12.2');
// One esbuild for the bundle and the tests.
project.package.addPackageResolutions('esbuild@0.28.2');
// The version that the lowest aws-cdk-lib requires. jsii writes the installed version into the Go module, and
// users need no newer one.
project.package.addPackageResolutions('@aws-cdk/asset-node-proxy-agent-v6@2.1.0');

project.eslint?.allowDevDeps('lambda/**');

// Types are checked once, by the typecheck step. So the tests are only transpiled.
project.jest!.config.transform = {
  '^.+\\.tsx?$': [
    '<rootDir>/test/transform.cjs', { target: 'node20', tsconfigRaw: { compilerOptions: { target: 'ES2023' } } },
  ],
};
project.deps.removeDependency('ts-jest');
// Packages are loaded once for all test files of a worker.
project.jest!.config.runtime = '<rootDir>/test/one-realm.cjs';
project.jest!.config.testSequencer = '<rootDir>/test/counted-first.cjs';

// The rooms of the handler (docs/adr/0015-rooms-of-the-handler.md). Each knows only those below it, so that a
// change has effects upwards only.
const BELOW = { base: [], services: ['base'], records: ['base'], signing: ['base', 'records'] };
const ENTRIES = ['deployment', 'rotation', 'watch'];
const known = (room: string, below: readonly string[]) => [room, ...below].map((each) => `./${each}`);
project.eslint?.addRules({
  'import/no-restricted-paths': ['error', {
    zones: [
      ...Object.entries(BELOW).map(([room, below]) => ({
        target: `./lambda/${room}`,
        from: './lambda',
        except: known(room, below),
        message: `lambda/${room} may import only ${known(room, below).join(', ')}.`,
      })),
      ...ENTRIES.map((entry) => ({
        target: `./lambda/${entry}`,
        from: './lambda',
        except: known(entry, Object.keys(BELOW)),
        message: 'One entry of the handler may not import another.',
      })),
      {
        target: './lambda/!(services)/!(index).ts',
        from: './lambda/services',
        message: 'Only the index.ts of an entry wires services; everything else knows the ports of lambda/base.',
      },
      {
        target: './lambda/!(services)/!(index).ts',
        from: './node_modules/@aws-sdk',
        message: 'Only lambda/services calls AWS; everything else knows the ports of lambda/base.',
      },
      {
        target: './lambda',
        from: './src',
        except: ['./private/contract.ts'],
        message: 'Construct and handler share src/private/contract.ts and nothing else.',
      },
    ],
  }],
});

// Keys, records and answers can be long and hostile. A pattern that goes back over them takes seconds, and the answer
// to CloudFormation is too late.
project.eslint?.addPlugins('regexp');
project.eslint?.addOverride({
  files: ['lambda/**', 'src/**'],
  rules: {
    'regexp/no-super-linear-move': 'error',
    'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
  },
});

// People read diffs side by side. Comments count too, as they are read there as well.
project.eslint?.addRules({
  '@stylistic/max-len': ['error', {
    code: 120,
    ignoreUrls: true,
    ignoreStrings: true,
    ignoreTemplateLiterals: true,
    ignoreRegExpLiterals: true,
  }],
});

// The handler is built before anything synthesizes, so that users need no esbuild. projen's own bundler
// cannot take the plugin that saves a quarter of the size (docs/adr/0005-bundle.md), so this is a script.
const bundle = project.addTask('bundle', {
  description: 'Build the handler and collect the licences of what is in it',
  exec: 'tsx scripts/bundle.ts',
});
project.preCompileTask.spawn(bundle);

// The tests make and drop much: each has a cloud, and most have an app. Room for what is new saves one part in fifteen.
const QUICK = { NODE_OPTIONS: '--max-semi-space-size=64' };
// Both processors are busy with the tests. Threads that help to collect garbage take one part in thirty from them.
const ALONE = '--single-threaded-gc'; // not allowed in NODE_OPTIONS; its children have it too
project.testTask.env('NODE_OPTIONS', QUICK.NODE_OPTIONS);

// jest and eslint do not check types across files, so this checks them once.
const typecheck = project.addTask('typecheck', {
  exec: 'node node_modules/typescript-native/bin/tsc --noEmit --project tsconfig.dev.json',
});

// A promise that nobody waits for is a call that may never be made: Lambda freezes a function with its answer.
const typedLint = project.addTask('lint:typed', {
  description: 'The rules that need types, in all files that git does not ignore',
  exec: 'oxlint --type-aware --tsconfig tsconfig.dev.json',
});
new JsonFile(project, '.oxlintrc.json', {
  marker: false, // oxlint knows no other fields than its own
  obj: {
    plugins: ['typescript'],
    categories: { correctness: 'off' }, // ESLint has the others
    rules: { 'typescript/no-floating-promises': 'error', 'typescript/return-await': 'error' },
  },
});
if (project.eslint) {
  delete project.eslint.rules['@typescript-eslint/no-floating-promises'];
  delete project.eslint.rules['@typescript-eslint/return-await'];
  delete project.eslint.config.parserOptions.project;
}
const apiRules = project.addTask('api-rules', { description: 'The API rules of the CDK team', exec: 'awslint' });
const compiledExamples = project.addTask('compiled-examples', {
  description: 'Every example in README and API compiles, and is translated for each language',
  exec: 'jsii-rosetta extract --strict --batch', // one program for all of them
});
project.postCompileTask.spawn(compiledExamples);
// What users read. API.md has the comments of the public API, docs/errors.md the texts of the errors.
const PROSE = ['*.md', 'docs/*.md', 'docs/adr/*.md', 'examples/*.md', 'examples/*/README.md'];
const prose = project.addTask('prose', {
  description: 'Plain English: no long sentences in the docs, and no words that are hard to read',
  exec: `textlint ${PROSE.map((files) => `'${files}'`).join(' ')}`,
});
new JsonFile(project, '.textlintrc.json', {
  obj: {
    rules: {
      'sentence-length': {
        max: 150, // about 25 words
        // Two sentences of `constructs` in API.md, about isConstruct()
        skipPatterns: ['/As a\\s+consequence, the class[^.]*/', '/`?npm install`? will not create installations[^.]*/'],
      },
      'max-comma': { max: 4 },
      '@textlint-rule/pattern': { patterns: HARD_TO_READ },
    },
  },
});

// awslint compares durations with the class of CDK v1, so it reports every Duration.
project.package.addField('awslint', { exclude: ['duration-prop-type:cdk-ses-dkim.EmailIdentityDkimProps.recordTtl'] });

// The same for projen's own tasks, one after the other: jest is the first of its steps.
project.testTask.prependSpawn(typecheck);
project.testTask.spawn(apiRules);
project.testTask.spawn(prose);
project.testTask.spawn(typedLint);

// By itself jsii-docgen takes the newest `constructs` below node_modules, which is that of projen. It would
// document methods that the lowest supported version lacks.
project.tasks.tryFind('docgen')!.reset('tsx scripts/api-reference.ts');

// Without the .NET SDK, the sources of the .NET package are generated but not compiled, so that `package-all`
// succeeds.
const dotnet = project.tasks.tryFind('package:dotnet')!;
dotnet.reset('jsii-pacmak -v --target dotnet', { condition: 'command -v dotnet > /dev/null' });
dotnet.exec('jsii-pacmak -v --target dotnet --code-only', { condition: '! command -v dotnet > /dev/null' });

// jsii-pacmak puts the examples of each language into its package, from the translations that jsii-rosetta has made.
// The release makes every package from that of npm, so the translations are in there too.
for (const language of ['js', 'java', 'python', 'dotnet', 'go']) {
  project.tasks.tryFind(`package:${language}`)!.prependSpawn(compiledExamples, {
    condition: '[ ! -e .jsii.tabl.json ] || [ .jsii -nt .jsii.tabl.json ]',
  });
}

// The tests run on the oldest Node that is supported. These two say at each start that it is old.
project.tasks.addEnvironment('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
project.tasks.addEnvironment('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '20');

project.addTask('test:one', {
  description: 'Some tests, without coverage: npx projen test:one FILE, -t NAME for one test, --watch to repeat it',
  // As a list: in a command line the shell would divide a NAME at its spaces.
  steps: [{ spawn: bundle.name }, { execArgs: ['jest', '--coverage=false'], receiveArgs: true }],
  env: QUICK,
});
// What the seed decides for the worse in one run of three is seen here, with hardly an exception, and not first in CI.
project.addTask('test:seeds', {
  description: 'Some tests twelve times, each time with another seed: npx projen test:seeds FILE',
  steps: [
    { spawn: bundle.name },
    ...new Array<TaskStep>(12).fill({ execArgs: ['jest', '--ci', '--coverage=false'], receiveArgs: true }),
  ],
  env: QUICK,
});
// Coverage of a part of the tests always falls below the limits.
project.tasks.tryFind('test:watch')!.reset();
project.tasks.tryFind('test:watch')!.addSteps({ execArgs: ['jest', '--watch', '--coverage=false'], receiveArgs: true });

project.addTask('test:unit', {
  description: 'The tests that need no local cloud: of the construct, the handler and the package, in less than a '
    + 'minute',
  steps: [{
    exec: 'jest --coverage=false --testPathIgnorePatterns /node_modules/ /cdk.out/ /test/cloud/ /test/end-to-end/ '
      + '/test/bad-input/deployment /test/bad-input/rotation /test/histories/ /test/demo.test',
    receiveArgs: true,
  }],
  env: QUICK,
});

project.addTask('test:whole', {
  description: 'The end-to-end tests in their whole size, with a process for each function. `npm test` has a part of it',
  steps: [
    { spawn: bundle.name },
    { exec: 'jest --coverage=false test/end-to-end test/bad-input several-batches.test', receiveArgs: true },
  ],
  env: { ...QUICK, TEST_SIZE: 'whole' },
});

project.addTask('test:faults', {
  description: 'Let every call of every flow fail in every way, on the local cloud, and look at what comes of it. '
    + '`npm test` has a part of it',
  steps: [{ spawn: bundle.name }, { exec: `tsx ${ALONE} scripts/faults/main.ts`, receiveArgs: true }],
  env: { ...QUICK, NODE_NO_WARNINGS: '1' },
});

project.addTask('test:histories', {
  description: 'Any histories: 10,000 of up to four owners (--count N), 4,000 of keys that rotate (--keys N), the same '
    + 'each time (--seed N), or so many through the bundle, in both ways of running a function (--real N). Prints what '
    + 'breaks an invariant as a test',
  steps: [{ spawn: bundle.name }, { exec: `tsx ${ALONE} scripts/histories/main.ts`, receiveArgs: true }],
  env: { ...QUICK, NODE_NO_WARNINGS: '1' },
});

project.addTask('test:mutants', {
  description: 'Change the code in small ways, one at a time, and name each change that no test sees: in folders '
    + 'such as lambda/records',
  steps: [{ spawn: bundle.name }, { exec: 'tsx scripts/mutants/main.ts', receiveArgs: true }],
  env: { NODE_NO_WARNINGS: '1' },
});

project.addTask('test:proof', {
  description: 'The fault matrix and the histories, and a part of both a second time with a process for each function',
  steps: [
    { exec: 'projen test:faults' }, { exec: 'projen test:faults --processes 200' },
    { exec: 'projen test:histories' }, { exec: 'projen test:histories --real 10' },
  ],
});

// What uses one processor runs beside what uses the other. jest uses both.
const build = project.addTask('build:compile', {
  steps: [project.compileTask, project.postCompileTask, apiRules, typecheck].map(({ name }) => ({ spawn: name })),
});
const lint = project.addTask('build:lint', {
  steps: [prose.name, 'eslint', typedLint.name].map((name) => ({ spawn: name })),
});
const unitsAndFlows = project.addTask('test:jest', { exec: `node ${ALONE} node_modules/jest/bin/jest.js --ci`, env: QUICK });
project.addTask('verify', {
  description: 'All that `npm test` runs: bundle, compile, docs, types, lint, tests, rules of the API, examples',
  steps: [
    { spawn: project.preCompileTask.name }, // the next two need the bundle's digest
    { exec: `concurrently --group --kill-others-on-fail "projen ${build.name}" "projen ${lint.name}"` },
    { spawn: unitsAndFlows.name },
  ],
});
project.setScript('test', 'projen verify');

project.addTask('demo', {
  description: 'The main job on the local cloud: four domains, signed mail, an independent verdict; --plain: no colours',
  steps: [{ spawn: bundle.name }, { exec: 'tsx examples/demo/main.ts', receiveArgs: true }],
});

project.addTask('bench', {
  description: 'Measure this library beside what people use today, and write docs/performance.md',
  steps: [{ spawn: bundle.name }, { spawn: 'compile' }, { exec: 'tsx scripts/bench/main.ts' }],
});

project.addTask('cancelled', {
  description: 'Cancel stacks of up to 300 identities at random moments, and count the identities that are wrong then',
  steps: [{ spawn: bundle.name }, { exec: 'tsx scripts/cancelled/main.ts', receiveArgs: true }],
});

project.addTask('load', {
  description: 'Deploy stacks with up to 300 identities on the local cloud, and write the tables in docs/performance.md',
  steps: [{ spawn: bundle.name }, { exec: 'tsx scripts/load/main.ts', receiveArgs: true }],
});

project.addTask('migrations', {
  description: 'Change how a domain is signed, to, of and from a rotating key, while mail is sent on the local cloud; '
    + 'writes the table in docs/rotation.md, and fails when mail was lost',
  steps: [{ spawn: bundle.name }, { exec: 'tsx scripts/migrations/main.ts' }],
  env: { NODE_NO_WARNINGS: '1' },
});

project.addTask('pictures', {
  description: 'Draw the pictures in the docs from the text beside them',
  exec: 'tsx scripts/pictures/main.ts',
});
project.addTask('recording', {
  description: 'Run the demo, and draw a part of what it prints for the README',
  steps: [{ spawn: bundle.name }, { exec: 'tsx scripts/recording/main.ts' }],
});
project.addTask('errors', {
  description: 'Write docs/errors.md from the table of bad input (test/bad-input/)',
  exec: 'tsx scripts/errors-page/main.ts',
});
project.addTask('integ', {
  description: 'Tests of a real account (docs/testing.md): without arguments, that the templates are those of the '
    + 'snapshots; needs no account',
  steps: [
    { spawn: bundle.name },
    { exec: 'integ-runner --language typescript --app "tsx {filePath}"', receiveArgs: true },
  ],
});
project.addTask('versions', {
  description: 'Tests on the newest aws-cdk-lib, and with the handler on the Node of Lambda; --cdk and --node pin them',
  exec: 'tsx scripts/versions.ts',
  receiveArgs: true,
  env: QUICK,
});
project.addTask('languages', {
  description: 'The packages of every language, and the same app from each: the templates have to be the same',
  exec: 'tsx scripts/languages/main.ts',
});
project.addTask('judges', {
  description: 'Other implementations judge records, mail and calls: opendkim-tools, dkimpy, go-msgauth and botocore, '
    + 'each where it is (docs/reliability.md)',
  steps: [{ spawn: bundle.name }, { exec: 'tsx scripts/judges/main.ts' }],
  env: { NODE_NO_WARNINGS: '1' },
});
project.addTask('integ:emulator', {
  description: 'The real CDK CLI on MiniStack, an emulator from PyPI, with the demo and the example in each language, '
    + 'or some of them (docs/emulator.md)',
  steps: [{ spawn: bundle.name }, { exec: 'tsx scripts/emulator/main.ts', receiveArgs: true }],
});

// Every action by the commit of its release: a tag can be moved to another one. projen pins the others itself.
const ACTIONS = {
  'actions/setup-dotnet': 'a98b56852c35b8e3190ac28c8c2271da59106c68', // v6.0.0
  'actions/setup-go': 'b7ad1dad31e06c5925ef5d2fc7ad053ef454303e', // v7.0.0
  'actions/setup-java': 'dd06d9cba3e5552c54d9f8ea23572deb30010f7c', // v6.0.0
  'actions/setup-node': '820762786026740c76f36085b0efc47a31fe5020', // v7.0.0
  'actions/setup-python': '5fda3b95a4ea91299a34e894583c3862153e4b97', // v7.0.0
  'peter-evans/create-pull-request': '5f6978faf089d4d20b00c7766989d076bb2fc7f1', // v8.1.1
};
for (const [action, commit] of Object.entries(ACTIONS)) project.github!.actions.set(action, `${action}@${commit}`);

// On a pull request the suite runs here, once. What is merged is tested again by `release`.
const ci = new github.GithubWorkflow(project.github!, 'ci', {
  limitConcurrency: true, // a push to a pull request ends the run of the push before
  concurrencyOptions: { group: '${{ github.workflow }}-${{ github.ref }}', cancelInProgress: true },
});
ci.on({ pullRequest: {}, workflowDispatch: {} });
ci.addJob('ci', {
  runsOn: ['ubuntu-latest'],
  permissions: { contents: github.workflows.JobPermission.READ },
  timeoutMinutes: 90,
  steps: [
    github.WorkflowSteps.checkout(),
    { uses: 'actions/setup-node', with: { 'node-version': '20', 'package-manager-cache': false } },
    { uses: 'actions/setup-python', with: { 'python-version': '3.11' } },
    { uses: 'actions/setup-java', with: { 'distribution': 'temurin', 'java-version': '17' } },
    { uses: 'actions/setup-go', with: { 'go-version': 'stable', 'cache': false } },
    { name: 'everything', run: 'bash .ci/run' },
  ],
});

// What npm and packages run must not find the token that the checkout leaves behind. The repository is public, so
// that what follows reads it without one. projen has no option for it; `npx projen workflows` finds one that is missed.
const CHECKOUTS = {
  'ci': ['ci.steps.0'],
  'release': ['release.steps.0', ...['maven', 'pypi', 'nuget', 'golang'].map((to) => `release_${to}.steps.4`),
    'release_npm.steps.3'],
  'upgrade-main': ['upgrade.steps.0', 'pr.steps.0'],
};
const workflowFile = (name: string) => project.tryFindObjectFile(`.github/workflows/${name}.yml`)!;
for (const [workflow, steps] of Object.entries(CHECKOUTS)) {
  for (const step of steps) workflowFile(workflow).addOverride(`jobs.${step}.with.persist-credentials`, false);
}
// npm trusts a workflow from its version 11.5.1 on, which comes with Node 24.
workflowFile('release').addOverride('jobs.release_npm.steps.0.with.node-version', '24');

project.addTask('workflows', {
  description: 'What actionlint and zizmor find in the workflows; each is left out by name where it cannot be installed',
  exec: 'tsx scripts/workflows/main.ts',
});
project.addTask('checkers', {
  description: 'What cfn-lint and checkov find in templates of this library, against docs/company-rules.md; each is left '
    + 'out by name where it is not to be had',
  steps: [{ spawn: bundle.name }, { exec: 'tsx scripts/checkers/main.ts' }],
});

// The bundle task writes it, and it changes with every change of the handler.
project.gitignore.exclude('/src/private/handler-digest.ts');

// integ-runner puts the function beside each snapshot. It is built, so it is never committed.
project.gitignore.exclude('/test/*.snapshot/asset.*');

// Stryker's copies of the project, while it runs.
project.gitignore.exclude('/mutants.tmp/');

// The package has the compiled library, its API reference, the translated examples, and the built handler with its
// licences. These do not ship:
for (const path of [
  '.textlintrc.json', '.oxlintrc.json', '/lambda/', '/scripts/', '/examples/', '/.ci/', '/docs/', 'CODE_OF_CONDUCT.md',
  'tsconfig.dev.json', '/mutants.tmp/',
]) {
  project.addPackageIgnore(path);
}

project.synth();

// In which order test files are run: first those that count. So code with counters and code without them take turns
// once, and V8 is warm for each.
const Sequencer = require('@jest/test-sequencer').default;
const { isCounted } = require('./counted.cjs');

module.exports = class CountedFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests); // the longest first
    return [...sorted.filter(({ path }) => isCounted(path)), ...sorted.filter(({ path }) => !isCounted(path))];
  }
};
